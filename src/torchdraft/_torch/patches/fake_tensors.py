"""Patches of fake tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from torchdraft._torch.fake import FakeTensor, FakeTensorMode, _higher_order_ops
from torchdraft._torch.probe import need

from .registry import patched


@contextmanager
def long_lists_read_whole(longest: int) -> Iterator[None]:
    """While active, `tolist` of more elements than `longest` is one read, which function modes see.

    Upstream makes a symbol of each element, without end.
    """
    own = FakeTensor.tolist

    def tolist(self: Any) -> Any:
        count = self.numel()
        return torch.Tensor.tolist(self) if isinstance(count, int) and count > longest else own(self)

    with patched(FakeTensor, "tolist", tolist):
        yield


@contextmanager
def higher_order_rules(mode_class: type, made: Callable[[Any, Any, Any], None] | None = None) -> Iterator[None]:
    """Lets `mode_class` (a FakeTensorMode subclass) use FakeTensorMode's rules for higher-order operators.

    `HigherOrderOperator.dispatch` looks a rule up by the exact class of the active mode, so a subclass finds none.
    Tracing an operator over the steps of a loop makes up its outputs without asking a rule (clones of its inputs, say);
    `made(op, args, outputs)` hears of those.
    """
    lent: list[tuple[Any, Any, Any]] = []
    for op in list(_higher_order_ops.values()):
        rule = op.python_key_table.get(FakeTensorMode)
        if rule is not None and mode_class not in op.python_key_table:
            op.python_key_table[mode_class] = mode_class.higher_order(op, rule)  # type: ignore[attr-defined]
            lent.append((op, mode_class, None))
        if made is not None and op.name() in _STEPPED:
            traced = op.python_key_table[_proxy_mode]
            op.python_key_table[_proxy_mode] = _telling(op, traced, made)
            lent.append((op, _proxy_mode, traced))
        op._dispatch_cache.clear()
    try:
        yield
    finally:
        for op, key, own in lent:
            if own is None:
                op.python_key_table.pop(key, None)
            else:
                op.python_key_table[key] = own
            op._dispatch_cache.clear()


_STEPPED = ("scan", "associative_scan", "map_impl")


_proxy_mode: Any = need("torch.fx.experimental.proxy_tensor:ProxyTorchDispatchMode")


def _telling(op: Any, traced: Any, made: Callable[[Any, Any, Any], None]) -> Any:
    def rule(mode: Any, *args: Any, **kwargs: Any) -> Any:
        out = traced(mode, *args, **kwargs)
        if not kwargs:
            made(op, args, out)
        return out

    return rule
