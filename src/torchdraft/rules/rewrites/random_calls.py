"""Writes calls of Python's and NumPy's random numbers as calls of torch's, which are operations of the graph."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from torchdraft.model import Location

_IN_TORCH: dict[str, tuple[int, Callable[[Sequence[str]], str]]] = {
    "random.random": (0, lambda _: "torch.rand(()).item()"),
    "random.uniform": (2, lambda args: f"torch.empty(()).uniform_({args[0]}, {args[1]}).item()"),
    "random.randint": (2, lambda args: f"torch.randint({args[0]}, {_plus_one(args[1])}, ()).item()"),
    "random.randrange": (1, lambda args: f"torch.randint({args[0]}, ()).item()"),
    "random.gauss": (2, lambda args: f"torch.normal({args[0]}, {args[1]}, ()).item()"),
    "np.random.rand": (0, lambda _: "torch.rand(()).item()"),
    "np.random.random": (0, lambda _: "torch.rand(()).item()"),
    "np.random.randn": (0, lambda _: "torch.randn(()).item()"),
}
"""Function, as the source writes it → how many arguments it takes, and torch's call for the text of these."""


def in_torch(at: Location | None) -> str:
    """The call that the location marks, as a call of torch. Empty if it is no call that is known."""
    if at is None or at.column is None or at.end_column is None:
        return ""
    text = at.source[at.column : at.end_column]
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):  # a call of several lines
        return ""
    if not isinstance(call, ast.Call) or call.keywords or any(isinstance(each, ast.Starred) for each in call.args):
        return ""
    count, written = _IN_TORCH.get(ast.unparse(call.func), (-1, lambda _: ""))
    arguments = [ast.unparse(each) for each in call.args]
    return written(arguments) if len(arguments) == count else ""


def _plus_one(text: str) -> str:
    return str(int(text) + 1) if text.isdigit() else f"{text} + 1"
