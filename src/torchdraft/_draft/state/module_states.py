"""The state of modules: attributes, tables of parameters, buffers, submodules and hooks, and containers among them.

References and copies of containers are remembered; nothing of the size of a model is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from .attributes import MODULE_TABLES
from .containers import content_of, is_container, restore_content, same, same_content


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
_TABLES = (*MODULE_TABLES, *HOOKS)
_REPLACED_BY_TRACE = (*_TABLES, "forward")
"""What tracing itself replaces for its duration and puts back."""
_BOOKKEEPING = ("_non_persistent_buffers_set",)
"""What `register_buffer` notes about a buffer beside its table: `state_dict` reads it, and `forward` does not."""
_DERIVED = ("_flat_weights", "_flat_weight_refs")
"""Lists of their own parameters that recurrent modules renew when parameters were swapped, as tracing does."""


@dataclass(slots=True)
class ModuleState:
    """The state of one module."""

    module: torch.nn.Module
    attributes: dict[str, Any]
    tables: dict[str, dict[str, Any]]
    containers: dict[str, Any]
    """Attribute → a copy of the container that it holds."""

    @classmethod
    def of(cls, module: torch.nn.Module) -> ModuleState:
        """The present state."""
        attributes = dict(module.__dict__)
        return cls(
            module,
            attributes,
            {t: dict(attributes[t]) for t in _TABLES if t in attributes},
            {k: content_of(v) for k, v in attributes.items() if k not in _REPLACED_BY_TRACE and is_container(v)},
        )

    def restore_tables(self) -> None:
        """Puts back parameters, buffers, submodules and hooks."""
        for table, content in self.tables.items():
            live = self.module.__dict__[table]
            if list(live) != list(content) or any(live[k] is not content[k] for k in live):
                live.clear()
                live.update(content)

    def restore_attributes(self) -> None:
        """Puts back the other attributes, and the content of containers among them."""
        live = self.module.__dict__
        for name in [n for n in live if n not in self.attributes and n not in _REPLACED_BY_TRACE]:
            del live[name]
        for name, value in self.attributes.items():
            if name not in _REPLACED_BY_TRACE and live.get(name, MISSING) is not value:
                live[name] = value
        for name, content in self.containers.items():
            restore_content(live[name], content)

    def changed_attributes(self) -> Iterator[tuple[str, Any, Any]]:
        """`(name, before, after)` of each attribute that was assigned or whose container holds other things, and of
        each new parameter, buffer and submodule.
        """
        live = self.module.__dict__
        for table in MODULE_TABLES:
            new = [name for name in live.get(table, {}) if name not in self.tables.get(table, {})]
            yield from ((name, MISSING, live[table][name]) for name in new)
        for name, after in live.items():
            if name in (*_REPLACED_BY_TRACE, *_BOOKKEEPING):
                continue
            if name in _DERIVED and isinstance(self.module, torch.nn.RNNBase):
                continue
            before = self.attributes.get(name, MISSING)
            if not same(before, after):
                yield name, before, after
            elif name in self.containers and not same_content(after, self.containers[name]):
                yield name, self.containers[name], content_of(after)

    def replaced(self) -> Iterator[str]:
        """The names of parameters, buffers, submodules and attributes that hold something else."""
        live = self.module.__dict__
        for table in MODULE_TABLES:
            before, now = self.tables.get(table, {}), live.get(table, {})
            yield from (n for n in (before | now) if before.get(n, MISSING) is not now.get(n, MISSING))
        attributes = {n: v for n, v in live.items() if n not in _REPLACED_BY_TRACE and n not in _DERIVED}
        yield from (n for n, v in attributes.items() if not same(self.attributes.get(n, MISSING), v))

    def changed_hooks(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The tables of hooks before and after, if one of them changed."""
        before = {t: self.tables[t] for t in HOOKS if t in self.tables}
        after = {t: dict(self.module.__dict__[t]) for t in before}
        tables = ("_forward_hooks", "_forward_pre_hooks")
        changed = any(list(before[t].items()) != list(after[t].items()) for t in tables)
        return (before, after) if changed else None


@dataclass(slots=True)
class ModuleStates:
    """The state of several modules, by dotted name."""

    by_name: dict[str, ModuleState] = field(default_factory=dict)

    @classmethod
    def of(cls, mod: torch.nn.Module) -> ModuleStates:
        """The present state of `mod` and its submodules. That of a scripted module lives in C++, out of reach."""
        scripted = torch.jit.ScriptModule
        return cls({n: ModuleState.of(m) for n, m in mod.named_modules() if not isinstance(m, scripted)})

    def add(self, label: str, mod: torch.nn.Module, but: ModuleStates) -> None:
        """Adds the present state of another module and its submodules, under names that start with `label`, without
        those that `but` has.
        """
        known = {id(state.module) for state in but.by_name.values()}
        inner = ModuleStates.of(mod).by_name
        new = {name: state for name, state in inner.items() if id(state.module) not in known}
        self.by_name.update({f"{label}.{name}".rstrip("."): state for name, state in new.items()})

    def restore(self) -> None:
        """Puts everything back."""
        for state in self.by_name.values():
            state.restore_tables()
        self.restore_attributes()

    def restore_attributes(self) -> None:
        """Puts back what is in none of the tables."""
        for state in self.by_name.values():
            state.restore_attributes()

    def changed_attributes(self) -> list[tuple[str, Any, Any]]:
        """`(dotted name, before, after)` of each attribute that was assigned, and of what is new in the tables."""
        return [
            (f"{prefix}.{name}".lstrip("."), before, after)
            for prefix, state in self.by_name.items()
            for name, before, after in state.changed_attributes()
        ]

    def replaced(self) -> list[str]:
        """The dotted names of parameters, buffers, submodules and attributes that hold something else."""
        return [f"{prefix}.{name}" for prefix, state in self.by_name.items() for name in state.replaced()]

    def changed_hooks(self) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
        """`(dotted name of the module, before, after)` of the tables of hooks that changed."""
        found = ((prefix, state.changed_hooks()) for prefix, state in self.by_name.items())
        return [(prefix, *tables) for prefix, tables in found if tables is not None]
