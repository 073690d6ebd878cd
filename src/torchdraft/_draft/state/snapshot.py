"""The state of a model and its surroundings at one moment: what a draft must leave as it was."""

from __future__ import annotations

from collections.abc import Iterable
from types import CodeType
from typing import Any

import torch

from torchdraft._torch import pytree

from .module_states import ModuleStates
from .namespaces import Namespace
from .rng_states import RngStates, is_generator
from .surroundings import Surroundings


class Snapshot:
    """State before a draft. References are remembered; nothing of the model's size is copied."""

    def __init__(self, mod: torch.nn.Module, inputs: Any = ()) -> None:
        """`inputs` may hold random generators, whose states are copied too."""
        self.grad_enabled = torch.is_grad_enabled()
        self.modules = ModuleStates.of(mod)
        self.surroundings = Surroundings(mod)
        self.hidden = ModuleStates()
        """Modules that the model uses without holding them as submodules."""
        for label, hidden in self.surroundings.hidden.items():
            self.hidden.add(label, hidden, but=self.modules)  # a trace replaces the weights of the model's own
        self.random_generators = self._generators()
        """Generators of Python and NumPy that the model's modules and its code hold, by name."""
        self.rng = RngStates(self._torch_generators(inputs), self.random_generators.values())

    def _generators(self) -> dict[str, Any]:
        places = [(name, state.attributes) for name, state in self.modules.by_name.items()]
        places += [(space.label, space.names) for space in self.namespaces()]
        named = ((f"{prefix}.{n}".lstrip("."), v) for prefix, names in places for n, v in names.items())
        return {name: value for name, value in named if is_generator(value)}

    def _torch_generators(self, inputs: Any) -> Iterable[torch.Generator]:
        values = [*pytree.tree_leaves(inputs)]
        values += [v for state in self.modules.by_name.values() for v in state.attributes.values()]
        values += [v for space in self.namespaces() for v in space.names.values()]
        values += [cell.value for cell in self.surroundings.cells]
        found = {id(v): v for v in values if isinstance(v, torch.Generator) and v is not torch.default_generator}
        return found.values()

    def restore(self) -> None:
        """Puts everything back."""
        self.restore_modules()
        self.restore_random()
        torch.set_grad_enabled(self.grad_enabled)

    def restore_modules(self) -> None:
        """Puts back the model's modules and its surroundings."""
        for states in (self.modules, self.hidden):
            states.restore()
        self.surroundings.restore()

    def restore_random(self) -> None:
        """Sets random generators back: those of the process, and those that the model, its code or its inputs hold."""
        self.rng.restore()

    def namespaces(self) -> list[Namespace]:
        """The namespaces of the model's code."""
        return self.surroundings.namespaces

    def codes_naming(self, names: tuple[str, ...]) -> list[CodeType]:
        """The code reachable from the model that uses one of these names, except constructors."""
        codes = self.surroundings.reachable.codes()
        return [c for c in codes if not {*names}.isdisjoint(c.co_names) and c.co_name != "__init__"]
