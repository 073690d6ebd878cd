"""What a draft must leave as it was: module and random state. Taken before, compared and restored after."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch

from torchdraft._torch import pytree

from .containers import content_of, is_container, restore_content, same, same_content
from .namespaces import Namespace, NamespaceState
from .rng_states import is_generator, put_state, state_of


@dataclass(slots=True)
class ModuleState:
    """Attributes of one module: the dictionaries' content by reference, and a copy of the containers among them."""

    module: torch.nn.Module
    attributes: dict[str, Any]
    tables: dict[str, dict[str, Any]]
    containers: dict[str, Any]


@dataclass(slots=True)
class Snapshot:
    """State of a model and its surroundings before a draft."""

    modules: dict[str, ModuleState] = field(default_factory=dict)
    hidden: dict[str, ModuleState] = field(default_factory=dict)
    """Modules that the model uses and does not hold."""
    torch_random: torch.Tensor | None = None
    cuda_random: list[torch.Tensor] = field(default_factory=list)
    python_random: Any = None
    numpy_random: Any = None
    generators: list[tuple[torch.Generator, torch.Tensor]] = field(default_factory=list)
    grad_enabled: bool = True
    random_generators: dict[str, Any] = field(default_factory=dict)
    """Those of Python's and NumPy's that the model's modules and the files of its code hold, by name."""
    random_states: list[tuple[Any, Any]] = field(default_factory=list)
    outside: NamespaceState | None = None

    @classmethod
    def take(cls, mod: torch.nn.Module, inputs: Any = ()) -> Snapshot:
        """Remembers references only: nothing of the model's size is copied."""
        taken = cls(torch_random=torch.random.get_rng_state(), python_random=random.getstate())
        taken.numpy_random = numpy.random.get_state()
        taken.grad_enabled = torch.is_grad_enabled()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            taken.cuda_random = torch.cuda.get_rng_state_all()
        taken.modules = cls.modules_of(mod)
        taken.outside = NamespaceState(mod)
        for label, hidden in taken.outside.hidden.items():
            inner = cls.modules_of(hidden).items()
            taken.hidden.update({f"{label}.{name}".rstrip("."): state for name, state in inner})
        places = [(n, m.attributes) for n, m in taken.modules.items()]
        places += [(space.label, space.names) for space in taken.outside.namespaces]
        named = ((f"{prefix}.{n}".lstrip("."), v) for prefix, names in places for n, v in names.items())
        taken.random_generators = {name: value for name, value in named if is_generator(value)}
        taken.random_states = [(g, state_of(g)) for g in taken.random_generators.values()]
        held = [*pytree.tree_leaves(inputs), *[v for _, names in places for v in names.values()]]
        held += [content for _, _, content, _ in taken.outside.cells]
        generators = {id(g): g for g in held if isinstance(g, torch.Generator) and g is not torch.default_generator}
        taken.generators = [(g, g.get_state()) for g in generators.values()]
        return taken

    @staticmethod
    def modules_of(mod: torch.nn.Module) -> dict[str, ModuleState]:
        """The state of every module of `mod`, by dotted name."""
        found = {}
        for name, module in mod.named_modules():
            if isinstance(module, torch.jit.ScriptModule):
                continue  # its state lives in C++, out of Python's reach
            attributes = dict(module.__dict__)
            found[name] = ModuleState(
                module,
                attributes,
                {t: dict(attributes[t]) for t in _TABLES if t in attributes},
                {k: content_of(v) for k, v in attributes.items() if k not in _PATCHED and is_container(v)},
            )
        return found

    def restore(self) -> None:
        """Puts everything back as it was."""
        self.restore_modules()
        self.restore_random()
        torch.set_grad_enabled(self.grad_enabled)

    def restore_random(self) -> None:
        """The random states of torch, Python and NumPy, and of generators the model or its inputs hold."""
        torch.random.set_rng_state(self.torch_random)
        random.setstate(self.python_random)
        if self.cuda_random:
            torch.cuda.set_rng_state_all(self.cuda_random)
        numpy.random.set_state(self.numpy_random)
        for generator, state in self.generators:
            generator.set_state(state)
        for generator, state in self.random_states:
            put_state(generator, state)

    def torch_generators(self) -> list[torch.Generator]:
        """Those of torch's that the model, its inputs and the code around it hold."""
        return [generator for generator, _ in self.generators]

    def namespaces(self) -> list[Namespace]:
        """The places around the model in which names live."""
        return [] if self.outside is None else self.outside.namespaces

    def restore_modules(self) -> None:
        """Attributes, parameter and buffer tables, and containers held by modules."""
        for state in (*self.modules.values(), *self.hidden.values()):
            for table, content in state.tables.items():
                live = state.module.__dict__[table]
                if list(live) != list(content) or any(live[k] is not content[k] for k in live):
                    live.clear()
                    live.update(content)
        self.restore_attributes()
        if self.outside is not None:
            self.outside.restore()

    def restore_attributes(self) -> None:
        """Attributes outside the tables of parameters and buffers, and the content of containers among them."""
        for state in (*self.modules.values(), *self.hidden.values()):
            live = state.module.__dict__
            for name in [n for n in live if n not in state.attributes and n not in _PATCHED]:
                del live[name]
            for name, value in state.attributes.items():
                if name not in _PATCHED and live.get(name, MISSING) is not value:
                    live[name] = value
            for name, content in state.containers.items():
                restore_content(live[name], content)

    def changed_attributes(self) -> list[tuple[str, Any, Any]]:
        """`(dotted name, before, after)` for every attribute `forward` assigned outside the tables of parameters, and
        for what is new in those.
        """
        found = []
        for prefix, state in self.modules.items():
            live = state.module.__dict__
            for table in _NAMED:
                new = [n for n in live.get(table, {}) if n not in state.tables.get(table, {})]
                found += [(f"{prefix}.{n}".lstrip("."), MISSING, live[table][n]) for n in new]
            for name, after in live.items():
                if name in _PATCHED or (name in _OWN_CACHES and isinstance(state.module, torch.nn.RNNBase)):
                    continue
                before = state.attributes.get(name, MISSING)
                if not same(before, after):
                    found.append((f"{prefix}.{name}" if prefix else name, before, after))
                elif name in state.containers and not same_content(after, state.containers[name]):
                    found.append((f"{prefix}.{name}" if prefix else name, state.containers[name], content_of(after)))
        return found

    def changed_hidden(self) -> list[str]:
        """What of the modules that the model uses and does not hold is another thing now."""
        found = []
        for prefix, state in self.hidden.items():
            live = state.module.__dict__
            for table in _NAMED:
                was, now = state.tables.get(table, {}), live.get(table, {})
                found += [f"{prefix}.{n}" for n in (was | now) if was.get(n, MISSING) is not now.get(n, MISSING)]
            attributes = {n: v for n, v in live.items() if n not in _PATCHED and n not in _OWN_CACHES}
            found += [f"{prefix}.{n}" for n, v in attributes.items() if not same(state.attributes.get(n, MISSING), v)]
        return found

    def changed_hooks(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """`(dotted name of the module, before, after)` of the tables of hooks that `forward` changed."""
        found = []
        for prefix, state in self.modules.items():
            tables = [t for t in HOOKS if t in state.tables]
            before = {t: state.tables[t] for t in tables}
            after = {t: dict(state.module.__dict__[t]) for t in tables}
            if any(list(before[t].items()) != list(after[t].items()) for t in ("_forward_hooks", "_forward_pre_hooks")):
                found.append((prefix, before, after))
        return found


_OWN_CACHES = ("_flat_weights", "_flat_weight_refs")
"""Lists of their own parameters that recurrent modules renew when parameters were swapped, as tracing does."""


class _Missing:
    def __repr__(self) -> str:
        return "(not set)"


MISSING = _Missing()
HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
)
_TABLES = ("_parameters", "_buffers", "_modules", *HOOKS)
_NAMED = ("_parameters", "_buffers", "_modules")
_PATCHED = (*_TABLES, "forward")
"""What a trace itself replaces for its duration and puts back."""
