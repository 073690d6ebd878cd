"""The message about a call that fits no profile: the call, the profiles there are, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torchdraft._torch.library import TensorMetadata

from .op_profile import ANY, OneOf, arguments_of, fits_argument

_ADVICE = "Draft the model again with these inputs, or add a profile."


def no_match(op: Any, profiles: Iterable[Any], key: Mapping[str, Any], given: list[Any]) -> str:
    """The message about a call of `op`: `key` has its arguments by name, `given` their metadata in order."""
    shown = ", ".join(f"{name}: {described(value)}" for name, value in key.items())
    lines = [f"no profile of {op} fits the arguments ({shown})."]
    ordered = sorted(profiles, key=repr)
    for number, profile in enumerate(ordered, 1):
        lines.append(f"  profile {number} of {len(ordered)} differs in {'; '.join(_differences(profile, key, given))}")
    return "\n".join([*(lines if ordered else [f"{lines[0]} It has none."]), _ADVICE])


def several_match(op: Any, profiles: Iterable[Any]) -> str:
    """The message about a call that fits several profiles, which say different things about the outputs."""
    outputs = " or ".join(sorted({described(profile.out_profile) for profile in profiles}))
    return (
        f"{op} returned different outputs for arguments that look alike: {outputs}. They depend on data, which a "
        "profile cannot say; register a fake kernel."
    )


def _differences(profile: Any, key: Mapping[str, Any], given: list[Any]) -> list[str]:
    arguments = arguments_of(profile)
    if arguments is None:
        wanted = [*profile.args_profile, *[None] * (len(given) - len(profile.args_profile))]
        padded = [*given, *[None] * (len(wanted) - len(given))]
        pairs = [(f"argument {i}", *pair) for i, pair in enumerate(zip(wanted, padded, strict=True))]
        return [_difference(*pair) for pair in pairs if pair[1] != pair[2]]
    return [
        _difference(name, wanted, key.get(name))
        for name, wanted in arguments
        if not fits_argument(wanted, key.get(name))
    ]


def _difference(name: str, wanted: Any, given: Any) -> str:
    if isinstance(wanted, TensorMetadata) and isinstance(given, TensorMetadata):
        fields = [f for f in ("rank", "dtype", "device", "layout") if getattr(wanted, f) != getattr(given, f)]
        told = [f"{field} {_short(getattr(wanted, field))}, given {_short(getattr(given, field))}" for field in fields]
        return f"{name}: {', '.join(told)}"
    return f"{name}: {described(wanted)}, given {described(given)}"


def described(value: Any) -> str:
    """An argument or an output of a profile in a few words."""
    if isinstance(value, TensorMetadata):
        return f"tensor of rank {value.rank}, {_short(value.dtype)}, {value.device}, {_short(value.layout)}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(described, value))}]"
    if isinstance(value, OneOf):
        return "a symbolic number" if value == ANY else str(value)
    return getattr(value, "__name__", None) or str(value)


def _short(value: Any) -> str:
    return str(value).removeprefix("torch.")
