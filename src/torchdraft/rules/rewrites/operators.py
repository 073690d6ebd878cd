"""The fake kernel to write for a custom operator, from its schema."""

from __future__ import annotations

import ast
import re

_SCHEMA = re.compile(r"(?P<op>[\w:]+)(?:\.\w+)?\((?P<arguments>.*)\) -> (?P<returns>.*)", re.DOTALL)
_ARGUMENT = re.compile(r"(?P<type>\S.*?) (?P<name>\w+)(?P<default>=.*)?$")


def fake_kernel(schema: str) -> str:
    """`mylib::foo(Tensor x, int n) -> Tensor` → a `register_fake` with its arguments, to be completed; else empty."""
    match = _SCHEMA.fullmatch(schema)
    if match is None:
        return ""
    arguments = [_argument(part.strip()) for part in _split(match["arguments"])]
    names = [name + default for _, name, default in arguments]
    like = next((name for kind, name, _ in arguments if kind.startswith("Tensor") and "[" not in kind), "")
    output = f"torch.empty_like({like})" if like else "torch.empty(…)"
    count = len(_split(match["returns"].strip("()")))
    tensors = match["returns"].count("Tensor")
    if not tensors or tensors != count or "[" in match["returns"]:
        return ""
    returned = ", ".join([output] * count)
    return (
        f'@torch.library.register_fake("{match["op"]}")\n'
        f"def _({', '.join(names)}):\n"
        f"    return {returned}  # with the shape and dtype that the kernel returns"
    )


def _argument(text: str) -> tuple[str, str, str]:
    """Type, name and default of an argument. The star before keyword arguments is a name without a type."""
    found = _ARGUMENT.match(text)
    if found is None:
        return "", text, ""
    default = found["default"] or ""
    return found["type"], found["name"], default if _is_python(default[1:]) else "=None"


def _is_python(text: str) -> bool:
    """Whether the default of a schema is one of Python too; `contiguous_format` is none."""
    try:
        ast.literal_eval(text or "None")
    except (ValueError, SyntaxError):
        return False
    return True


def _split(text: str) -> list[str]:
    """Splits at commas outside of brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part.strip()]
