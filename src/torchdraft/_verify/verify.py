"""`torchdraft.verify`: checks its arguments, runs the trials, and returns the result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import torch

from torchdraft._draft.progress import described
from torchdraft._ship.runtimes.find import module_of
from torchdraft._torch.patches.tracers.quiet import torch_output_suppressed
from torchdraft._torch.symbolic.fake import FakeTensor
from torchdraft._verify.explain.blame import report_of
from torchdraft._verify.inputs.call import given
from torchdraft._verify.run.compare import Tolerance
from torchdraft._verify.run.sides_taken import SidesTaken
from torchdraft.model import Branch, Trial, Verification

from .trials import TrialRunner

DEFAULT_COUNT = 20


def verify(  # longer than other functions: its docstring is the documentation of the API
    program: torch.export.ExportedProgram,
    model: torch.nn.Module,
    inputs: Iterable[Any] | None = None,
    *,
    run: Any = None,
    n: int | None = None,
    seed: int = 0,
    rtol: float | None = None,
    atol: float | None = None,
    shrink: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Runs a program and its model on the same inputs and reports where they differ.

    The outcome for each input is `equal`, `rejected` (the program raises, eager does not), `model raised`, or
    `mismatch`: the program does not raise, but results, writes to the inputs, or parameters and buffers differ. Both
    sides run on copies, from the same random state. The model, the inputs and global state are not changed. Where the
    program has both sides of branches, inputs are drawn that take sides not seen yet; `notes` names those that none
    took, and `report.paths` of the program gets on how many inputs each side was seen equal.

    Args:
        program: any exported program. If torchdraft made it, the result refers to the issues of its report.
        model: the model that the program was made from.
        inputs: inputs to try, each a tuple of positional arguments or `(args, kwargs)`.
        run: what runs in place of the program: a callable that takes the model's arguments, an
            `onnxruntime.InferenceSession`, a `Shipment`, or the path of a file that torchdraft shipped.
        n: how many inputs to draw: the example first, then sizes within the program's dynamic shapes, with values
            similar to those of the example. 20 if neither `inputs` nor `n` is given.
        seed: seed of the draws and of the random states. The same seed gives the same result.
        rtol: relative tolerance. None for the default of `torch.testing.assert_close` for the dtype.
        atol: absolute tolerance, given together with `rtol`.
        shrink: search a small input for each mismatch.
        progress: called after each input with the number of inputs done.

    Returns:
        A `Verification`. `verification.ok` is False if the program is silently wrong and no issue of severity `baked`
        announces it.

    Raises:
        TypeError: an argument is of the wrong type.
        ValueError: an argument is wrong, or the program has no example to draw inputs from.

    """
    _check_call(model, n, rtol, atol)
    ran = None if run is None else module_of(run, program)
    calls = [] if inputs is None else given(inputs, seed)
    drawn = DEFAULT_COUNT if inputs is None and n is None else n or 0
    trials: list[Trial] = []
    with torch_output_suppressed(), described(lambda: f"{len(trials)} of {len(calls) + drawn} inputs"):
        runner = TrialRunner(program, model, Tolerance(rtol, atol), seed, ran)
        for trial in runner.trials(calls, drawn, shrink):
            trials.append(trial)
            if progress is not None:
                progress(len(trials))
    _note_sides(program, runner.sides)
    return Verification(
        trials=tuple(trials),
        model=type(model).__name__,
        seed=seed,
        notes=runner.notes(),
        reported=report_of(program) is not None,
    )


def _note_sides(program: torch.export.ExportedProgram, sides: SidesTaken) -> None:
    """Adds to the report of a program on how many inputs each side of a branch was seen equal."""
    report = report_of(program)
    if report is None or not sides.all:
        return

    def seen(branch: Branch) -> Branch:
        counts = [
            sum(sides.equal[side] for side in sides.all if side.is_at(branch.location) and side.answer is answer)
            for answer in (branch.on_example, not branch.on_example)
        ]
        return replace(branch, seen_equal=(counts[0], counts[1])) if branch.kept else branch

    program._report = replace(report, paths=tuple(map(seen, report.paths)))


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
