"""The part of the shape environment that makes unbacked symbols: their number, their names, and their ranges."""

from __future__ import annotations

from typing import Any

import sympy

from torchdraft._draft.tracing.context import TraceContext
from torchdraft._stack.transparent import acts_for_caller
from torchdraft._torch.symbolic.shapes import is_unbacked

from .implied_conditions import ImpliedConditions
from .quiet_shape_env import QuietShapeEnv

acts_for_caller(__file__)

MOST_SYMBOLS = 800
"""Numbers read from tensors before the whole model is recorded instead: a loop over detections reads thousands, and
each costs a symbolic trace tens of milliseconds."""


class TooManySymbols(RuntimeError):
    """The model reads more numbers from tensors than a symbolic trace can carry."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} numbers were read out of tensors")


class UnbackedShapeEnv(QuietShapeEnv):
    """Notes the unbacked symbols of a trace, and lets each be any number that the model's data allows."""

    def __init__(self, context: TraceContext, **options: Any) -> None:
        super().__init__(**options)
        self.context: TraceContext | None = context
        self.unbacked_created: list[sympy.Symbol] = []
        self.most_symbols: float = MOST_SYMBOLS
        self.renamed_from: dict[sympy.Symbol, sympy.Symbol] = {}
        self.implied = ImpliedConditions(self)

    def create_unbacked_symint(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_created(super().create_unbacked_symint(*args, **kwargs))

    def create_unbacked_symfloat(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_created(super().create_unbacked_symfloat(*args, **kwargs))

    def create_unbacked_symbool(self, *args: Any, **kwargs: Any) -> Any:
        return self._note_created(super().create_unbacked_symbool(*args, **kwargs))

    def _note_created(self, made: Any) -> Any:
        self.unbacked_created.extend(made.node.expr.free_symbols)
        if self.context is not None and len(self.unbacked_created) > self.most_symbols:
            raise TooManySymbols(len(self.unbacked_created))
        return made

    def _rename_unbacked_to(self, orig_s: sympy.Symbol, new_s: sympy.Symbol) -> None:
        self.renamed_from[new_s] = orig_s
        super()._rename_unbacked_to(orig_s, new_s)

    def _constrain_range_for_size(self, a: sympy.Symbol, min: int | None = None, max: int | None = None) -> None:  # noqa: A002
        """Ignores a fake kernel's claim of at least 2, the default of `create_unbacked_symint()`.

        torchvision's `nms` claims it, and can find one box.
        """
        super()._constrain_range_for_size(a, 0 if min == 2 else min, max)
        if self.var_to_range[a].upper < 2:
            self.size_like.discard(a)

    def _update_var_to_range(self, symbol: sympy.Symbol, vr: Any, *args: Any, **kwargs: Any) -> None:
        """Lets a data-dependent size be 0 or 1 where the example says so.

        Upstream keeps such a size at 2 or below, and asserts that instead of the condition (`x.nonzero().shape[0] > 1`
        was False): a size of 2 would pass, on the path of the other outcome.
        """
        if vr.upper < 2:
            self.size_like.discard(symbol)
        if is_unbacked(symbol):
            self.implied.restrict(symbol, vr)
        super()._update_var_to_range(symbol, vr, *args, **kwargs)
