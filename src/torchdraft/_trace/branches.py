"""Control flow operators whose branches Dynamo cannot compile run as the Python they stand for: the path the example takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .events import BranchMismatched
from .stacks import user_stack

if TYPE_CHECKING:
    from .session import Session


class Rescue:
    """Takes the example's path through a `torch.cond` or `while_loop`, under a guard on the condition."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def __call__(self, name: str, args: tuple[Any, ...], error: Exception) -> Any:
        """Runs the operator `name` as plain Python; raises `error` for operators that have no such reading."""
        if name.startswith("cond.") and len(args) == 4:
            result = self._cond(*args)
        elif name.startswith("while_loop.") and len(args) in (3, 4):
            result = self._while_loop(*args[:3], *(args[3] if len(args) > 3 else ()))
        else:
            raise error
        return result

    def _cond(self, pred: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
        taken = bool(pred)
        self.session.emit(
            BranchMismatched(
                stack=user_stack(4),
                left="taken" if taken else "left out",
                right="left out" if taken else "taken",
            )
        )
        return (true_fn if taken else false_fn)(*operands)

    def _while_loop(self, cond_fn: Any, body_fn: Any, carried: Any, *more: Any) -> Any:
        carried = tuple(carried)
        while bool(cond_fn(*carried, *more)):
            out = body_fn(*carried, *more)
            carried = tuple(out) if isinstance(out, (tuple, list)) else (out,)
        return carried


