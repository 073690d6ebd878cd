"""Calls of custom operators that are composed of other operators (`CompositeImplicitAutograd`).

A trace calls the parts of such an operator on fake tensors. Where they read data or sizes (`x.data_ptr()`,
`int(index.max()) + 1`, `x.numpy()`), the trace would fail, or fix what was read. Such an operator is kept as one node
without a fake kernel instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchdraft._torch.dispatch import erase_failed_nodes
from torchdraft._torch.library import OpOverloadPacket, is_composite
from torchdraft._torch.patches.operators.composite_ops import kept_whole
from torchdraft._torch.symbolic.fake import OpOverload
from torchdraft._torch.symbolic.shapes import GuardOnDataDependentSymNode

from .fresh_symbols import discard_symbols, fresh_since
from .kernel_reads import DataRead, SizeFixed, reads_refused
from .trusted_ops import TrustedOps

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext


class CompositeOps:
    """The composite operators of one trace."""

    def __init__(self, trust: TrustedOps) -> None:
        self.trust = trust
        self.whole: dict[Any, str] = {}
        """Operators that are kept as one node, and what their parts did."""

    def call(self, context: TraceContext, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of `func`, which the model calls. Other functions are just called."""
        op = _overload(func)
        if op is None or self.trust.trusts(op) or not is_composite(op):
            return func(*args, **kwargs)
        if op in self.whole:
            with kept_whole(op):
                return op(*args, **kwargs)
        before = _Before(context)
        try:
            with reads_refused(context.shape_env, op):
                return func(*args, **kwargs)
        except KeyboardInterrupt:  # of the user
            raise
        except BaseException as error:
            self.whole[op] = _text(error)
        before.restore()
        try:
            with kept_whole(op):
                return op(*args, **kwargs)
        except BaseException:  # the real kernel raises too
            del self.whole[op]
            raise


class _Before:
    """The state of a trace before an attempt to trace the parts of an operator."""

    def __init__(self, context: TraceContext) -> None:
        self.context = context
        self.created = len(context.shape_env.unbacked_created)
        self.draws = len(context.tape.draws)
        self.log = context.log.checkpoint()

    def restore(self) -> None:
        """Takes back the node, symbols, events and random draws of the attempt."""
        erase_failed_nodes()
        discard_symbols(self.context.shape_env, fresh_since(self.context.shape_env, self.created))
        del self.context.tape.draws[self.draws :]
        self.context.log.rollback(self.log)


def _overload(func: Any) -> Any:
    """The operator that a call of `func` calls; None where it is no operator, or one of several."""
    if isinstance(func, OpOverloadPacket):
        return func.default if func.overloads() == ["default"] else None
    return func if isinstance(func, OpOverload) else None


def _text(error: BaseException) -> str:
    if isinstance(error, SizeFixed):
        return "they read a size as a number"
    if isinstance(error, (DataRead, GuardOnDataDependentSymNode)):
        return "they read data"
    text = " ".join(str(error).partition("Exception raised from")[0].split())[:200].rstrip(".")
    return f"they raise {type(error).__name__}: {text}" if text else f"they raise {type(error).__name__}"
