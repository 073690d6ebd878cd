"""Higher-order operators: outside Dynamo they compile their branches with it, which fails on one that reads data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .probe import need

_utils: Any = need("torch._higher_order_ops.utils")
need("torch._higher_order_ops.utils:_hop_compile_and_call")


@contextmanager
def rescued(rescue: Callable[[str, tuple[Any, ...], Exception], Any]) -> Iterator[None]:
    """Where Dynamo cannot compile a higher-order operator's branches, `rescue(name, args, error)` answers.

    `cond` and `while_loop` reach Dynamo through `_hop_compile_and_call(fn, args)`, looked up in its module each time.
    """
    own = _utils._hop_compile_and_call

    def compile_and_call(fn: Any, args: tuple[Any, ...], kwargs: Any = None) -> Any:
        try:
            return own(fn, args, kwargs)
        except Exception as error:
            return rescue(getattr(fn, "__qualname__", str(fn)), args, error)

    _utils._hop_compile_and_call = compile_and_call
    try:
        yield
    finally:
        _utils._hop_compile_and_call = own
