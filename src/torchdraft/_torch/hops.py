"""Higher-order operators: outside Dynamo they compile their branches with it, which fails where a branch reads data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from .probe import need

_utils: Any = need("torch._higher_order_ops.utils")
need("torch._higher_order_ops.utils:_hop_compile_and_call")


class Rescuer(Protocol):
    """Answers for an operator that Dynamo could not compile."""

    def watched(self, compile_and_run: Callable[[], Any], name: str, args: tuple[Any, ...]) -> Any:
        """What `compile_and_run()` returns or, where it raises, what the operator `name` returns for `args`."""
        ...


@contextmanager
def rescued(rescuer: Rescuer) -> Iterator[None]:
    """Where Dynamo cannot compile a higher-order operator's branches, `rescuer` answers instead.

    The operators reach Dynamo through `_hop_compile_and_call(fn, args)`, looked up in its module at each call; `fn` is
    a function local to the operator's own (`cond.<locals>._cond_op_wrapper`).
    """
    own = _utils._hop_compile_and_call

    def compile_and_call(fn: Any, args: tuple[Any, ...], kwargs: Any = None) -> Any:
        name = getattr(fn, "__qualname__", str(fn)).partition(".")[0]
        return rescuer.watched(lambda: own(fn, args, kwargs), name, args)

    _utils._hop_compile_and_call = compile_and_call
    try:
        yield
    finally:
        _utils._hop_compile_and_call = own
