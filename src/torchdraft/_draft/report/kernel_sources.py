"""The source of a fake kernel for each issue about one, from the calls that the draft observed.

It is as exact as the operator's profiles: ranks, dtypes and devices are those that were seen, sizes are left open. To
find the sizes, `torchdraft kernels` runs the operator, which a draft does not do on its own account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import torch

from torchdraft._torch.library import TensorMetadata
from torchdraft.model import Issue

INDENT = "    "


def with_kernels(issues: Sequence[Issue], op_profiles: Mapping[str, Set[Any]]) -> tuple[Issue, ...]:
    """The issues; those about a missing or wrong fake kernel with the source of one to paste."""
    return tuple(_with_kernel(issue, op_profiles) for issue in issues)


def _with_kernel(issue: Issue, op_profiles: Mapping[str, Set[Any]]) -> Issue:
    profiles = op_profiles.get(issue.data.get("op", ""))
    if issue.code not in ("TD301", "TD302") or not profiles:
        return issue
    text = kernel_source(issue.data["op"], profiles, override=issue.code == "TD302")
    return replace(issue, code_to_write=text) if text else issue


def kernel_source(op: str, profiles: Set[Any], *, override: bool = False) -> str:
    """A fake kernel that follows profiles; "" where a profile says too little for one."""
    schema = _schema(op)
    if schema is None:
        return ""
    names = [argument.name for argument in schema.arguments]
    cases = [_case(schema.arguments, profile) for profile in sorted(profiles, key=repr)]
    if not all(cases) or not all(map(str.isidentifier, names)):
        return ""
    overload = f".{schema.overload_name}" if schema.overload_name else ""
    extra = ", allow_override=True" if override else ""
    lines = [
        f'@torch.library.register_fake("{schema.name}{overload}"{extra})',
        f"def {schema.name.partition('::')[2]}_fake({', '.join(_parameters(schema))}):",
        f"{INDENT}size = torch.library.get_ctx().new_dynamic_size  # torchdraft kernels finds the sizes",
        *(INDENT + line for case in cases for line in case),
        f'{INDENT}raise NotImplementedError("{schema.name} was observed with other arguments")',
    ]
    return "\n".join(lines)


def _schema(op: str) -> Any:
    namespace, _, rest = op.partition(".")
    base, _, overload = rest.partition(".")
    try:
        return getattr(getattr(getattr(torch.ops, namespace), base), overload or "default")._schema
    except (AttributeError, RuntimeError):
        return None


def _parameters(schema: Any) -> Iterator[str]:
    star = False
    for argument in schema.arguments:
        if argument.kwarg_only and not star:
            star = True
            yield "*"
        yield argument.name + (f"={argument.default_value!r}" if argument.has_default_value() else "")


def _case(arguments: Sequence[Any], profile: Any) -> list[str]:
    """The condition and the return statement of one profile; empty where it says too little."""
    pairs = list(zip(arguments, profile.args_profile, strict=False))
    tests = [_test(argument, metadata) for argument, metadata in pairs if isinstance(metadata, TensorMetadata)]
    outputs = _outputs(profile.out_profile)
    if not tests or outputs is None:
        return []
    head = [f"if {tests[0]}:"] if len(tests) == 1 else ["if (", *(INDENT + t for t in _joined(tests)), "):"]
    return [*head, f"{INDENT}return {outputs}"]


def _joined(tests: Sequence[str]) -> list[str]:
    return [tests[0], *(f"and {test}" for test in tests[1:])]


def _test(argument: Any, metadata: Any) -> str:
    given = f"{argument.name} is not None and " if str(argument.type).startswith("Optional") else ""
    return f"{given}({argument.name}.dim(), {argument.name}.dtype) == ({metadata.rank}, {metadata.dtype})"


def _outputs(profile: Any) -> str | None:
    if isinstance(profile, (tuple, list)):
        parts = [_outputs(each) for each in profile]
        if None in parts:
            return None
        return f"({', '.join(map(str, parts))}{',' if len(parts) == 1 else ''})"
    if profile is None:
        return "None"
    special = any(getattr(profile, name, None) for name in ("gaps", "expanded", "shares"))
    if not isinstance(profile, TensorMetadata) or special or profile.layout is not torch.strided:
        return None
    sizes = ", ".join(["size()"] * profile.rank) + ("," if profile.rank == 1 else "")
    made = f'torch.empty(({sizes}), dtype={profile.dtype}, device="{profile.device}")'
    order = getattr(profile, "stride_order", None)
    if order is None:
        return made
    outermost_first = list(reversed(order))
    return f"{made}.permute({', '.join(str(outermost_first.index(d)) for d in range(profile.rank))})"
