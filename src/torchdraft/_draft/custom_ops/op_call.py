"""One call of an operator during the trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torchdraft._tape.errors import NoRealValue, OpRaised

from .trusted_ops import is_builtin

if TYPE_CHECKING:
    from torchdraft._draft.tracing.context import TraceContext
    from torchdraft._draft.tracing.fake_mode import DraftMode
    from torchdraft._tape.evaluation.evaluate import OpRun
    from torchdraft._tape.tape import Record


@dataclass(frozen=True, slots=True)
class OpCall:
    """An operator, its fake arguments, and its record on the tape."""

    mode: DraftMode
    record: Record
    args: Any
    kwargs: Any

    @property
    def func(self) -> Any:
        """The operator."""
        return self.record.func

    @property
    def context(self) -> TraceContext:
        """The context of the trace."""
        assert self.mode.context is not None
        return self.mode.context

    @property
    def env(self) -> Any:
        """The shape environment of the trace."""
        return self.mode.shape_env

    def run(self, *, read_once: bool = False) -> OpRun:
        """Runs the real kernel. `read_once`: the caller reads the outputs, and nothing later is likely to.

        Raises what the real kernel raises, since the model may catch it; `NoRealValue` where an argument has none.
        """
        reals = self.context.reals
        try:
            run = reals.run_transient if read_once else reals.run_now
            return run(self.record, watched=not is_builtin(self.func))
        except OpRaised as error:
            if error.record is self.record and error.__cause__ is not None:
                self.context.log.real_kernel_raised(error.__cause__)
                raise error.__cause__ from None
            raise

    def run_instead(self, error: BaseException) -> OpRun:
        """Runs the real kernel after the fake one raised `error`; raises that where an argument has no real value."""
        try:
            return self.run()
        except NoRealValue:
            raise error from None
