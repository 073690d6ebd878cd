"""The API: takes the call apart, puts both sides to every input, and returns what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch

from torchdraft._torch.fake import FakeTensor
from torchdraft._torch.patches.quiet import torch_output_suppressed
from torchdraft._verify.explain.blame import report_of
from torchdraft._verify.inputs.call import given
from torchdraft._verify.run.compare import Tolerance
from torchdraft.model import Verification

from .bench import Bench

DEFAULT_COUNT = 20


def verify(
    program: torch.export.ExportedProgram,
    model: torch.nn.Module,
    inputs: Iterable[Any] | None = None,
    *,
    n: int | None = None,
    seed: int = 0,
    rtol: float | None = None,
    atol: float | None = None,
    shrink: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Puts a program and its model to the same inputs and says where they part.

    Each input ends as `equal`, `rejected` (the program raises, eager does not), `model raised`, or `mismatch`: results,
    what was written to the inputs, or parameters and buffers differ, and the program did not say a word. Both sides run
    on copies, from the same random state; model, inputs and global state are left as they were.

    Args:
        program: any exported program. One of torchdraft's carries the report whose issues the result names.
        model: the model it was made from.
        inputs: inputs to try, each a tuple of positional arguments or `(args, kwargs)`.
        n: how many inputs to draw: the example first, then sizes from the program's dynamic shapes and values of the
            kind the example has. 20 where neither `inputs` nor `n` is given.
        seed: draws and random states follow from it; the same seed gives the same result.
        rtol: relative tolerance; None for what `torch.testing.assert_close` allows the dtype.
        atol: absolute tolerance, given together with `rtol`.
        shrink: look for a small input behind each mismatch.
        progress: called with the number of inputs done, after each.

    Returns:
        A `Verification`; `verification.ok` is False where the program is silently wrong and no issue of severity
        `baked` says so.

    Raises `TypeError` or `ValueError` where the call itself is wrong or there is nothing to draw from.

    """
    _check_call(model, n, rtol, atol)
    calls = [] if inputs is None else given(inputs, seed)
    drawn = DEFAULT_COUNT if inputs is None and n is None else n or 0
    with torch_output_suppressed():
        bench = Bench(program, model, Tolerance(rtol, atol), seed)
        trials = []
        for trial in bench.trials(calls, drawn, shrink):
            trials.append(trial)
            if progress is not None:
                progress(len(trials))
    return Verification(
        trials=tuple(trials),
        model=type(model).__name__,
        seed=seed,
        notes=bench.notes(),
        reported=report_of(program) is not None,
    )


def _check_call(model: Any, n: int | None, rtol: float | None, atol: float | None) -> None:
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"verify takes the torch.nn.Module that the program was made from, got {type(model).__name__}")
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol are given together, or neither")
    if n is not None and n < 0:
        raise ValueError(f"n is how many inputs to draw, got {n}")
    tensors = [*model.parameters(), *model.buffers()]
    if any(isinstance(tensor, FakeTensor) or tensor.device.type == "meta" for tensor in tensors):
        raise ValueError("the model's weights have no data: it can't be run, and nothing can be compared with it")
