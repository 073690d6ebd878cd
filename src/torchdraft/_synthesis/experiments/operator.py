"""An operator and its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from torchdraft._torch.library import has_side_effects
from torchdraft._torch.symbolic.fake import OpOverload


@lru_cache(maxsize=256)
def _argument_names(overload: Any) -> tuple[str, ...]:
    return tuple(argument.name for argument in overload._schema.arguments)


@dataclass(frozen=True, slots=True)
class Operator:
    """An overload, with calls of it as one value for each argument of the schema."""

    overload: Any

    @property
    def name(self) -> str:
        """`namespace::name`, with the overload if it has a name."""
        return str(self.overload.name())

    @property
    def schema(self) -> Any:
        """The schema of the dispatcher."""
        return self.overload._schema

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return _argument_names(self.overload)

    @property
    def mutates(self) -> bool:
        """Whether the schema says that an argument is written."""
        return bool(self.schema.is_mutable)

    @property
    def has_effects(self) -> bool:
        """Whether the operator is registered as one with side effects."""
        return has_side_effects(self.overload)

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """The value of each argument of the schema, defaults included. Raises `TypeError` for a call that is wrong."""
        arguments = self.schema.arguments
        positional = [a for a in arguments if not a.kwarg_only]
        if len(args) > len(positional):
            raise TypeError(f"{self.name} takes {len(positional)} positional arguments, but {len(args)} were given")
        given = dict(zip((a.name for a in positional), args, strict=False))
        for key, value in kwargs.items():
            if key in given or key not in self.parameters:
                what = "got two values for" if key in given else "has no argument"
                raise TypeError(f"{self.name} {what} {key!r}; its schema is {self.schema}")
            given[key] = value
        for argument in arguments:
            if argument.name not in given:
                if not argument.has_default_value():
                    raise TypeError(f"{self.name} needs the argument {argument.name!r}; its schema is {self.schema}")
                given[argument.name] = argument.default_value
        return tuple(given[name] for name in self.parameters)

    def unbind(self, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional and keyword arguments of a call."""
        pairs = list(zip(self.schema.arguments, values, strict=True))
        args = tuple(value for argument, value in pairs if not argument.kwarg_only)
        return args, {argument.name: value for argument, value in pairs if argument.kwarg_only}


def find_operator(op: Any) -> Operator:
    """The operator of an overload, a packet with one overload, a `custom_op`, or a name.

    Raises:
        TypeError: `op` is none of these.
        ValueError: there is no such operator, or the name stands for several overloads.

    """
    if isinstance(op, str):
        op = _by_name(op)
    op = getattr(op, "_opoverload", op)  # a `torch.library.custom_op`
    if isinstance(op, OpOverload):
        return Operator(op)
    if hasattr(op, "overloads"):
        names = op.overloads()
        if len(names) != 1:
            known = ", ".join(f"{op}.{name}" for name in names)
            raise ValueError(f"{op} has {len(names)} overloads; give one of them: {known}")
        return Operator(getattr(op, names[0]))
    raise TypeError(
        f"expected an operator: a torch.library.custom_op, torch.ops.mylib.foo, torch.ops.mylib.foo.default or "
        f"'mylib::foo'; got {type(op).__name__}"
    )


def _by_name(name: str) -> Any:
    namespace, _, rest = name.replace("::", ".", 1).partition(".")
    base, _, overload = rest.partition(".")
    try:
        packet = getattr(getattr(torch.ops, namespace), base)
        return getattr(packet, overload) if overload else packet
    except (AttributeError, RuntimeError):
        raise ValueError(
            f"there is no operator {name!r}; expected 'namespace::name', and the library that defines it imported"
        ) from None
