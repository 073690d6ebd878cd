"""The entry: an operator, and calls of it, become a fake kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torchdraft._torch.library import is_composite, needs_no_fake_kernel

from .experiments.calls import Material
from .experiments.operator import Operator, find_operator
from .experiments.worker import Limits, LocalWorker, Worker, run_call
from .gather import calls_of_profiles, invented
from .kernels.compare import mismatches
from .kernels.prove import check_export, run_opcheck
from .study import Study
from .synthesized import SynthesisError, SynthesizedKernel


def synthesize_fake_kernel(
    op: Any,
    calls: Sequence[Any] | None = None,
    *,
    profiles: Iterable[Any] | None = None,
    mutable: bool = False,
    isolated: bool = True,
    seconds: float = 20.0,
    call_seconds: float = 5.0,
    memory: int = 2 << 30,
    seed: int = 0,
) -> SynthesizedKernel:
    """Writes a fake kernel for an operator, learned from runs of its real kernel.

    The real kernel is run a few hundred times, in a forked process that may crash, on variations of the given calls:
    other sizes, numbers, ranks, flags, dtypes, layouts and data. Each size of each output becomes an expression of the
    inputs' sizes and numbers, or an unbacked symbol where it depends on data. The kernel is tested on calls that it was
    not learned from, with dynamic shapes under `torch.export`, and with `torch.library.opcheck`.

        kernel = torchdraft.synthesize_fake_kernel(torch.ops.mylib.foo, [(torch.ones(3, 4), 2)])
        print(kernel)

    Args:
        op: the operator: `torch.ops.mylib.foo`, an overload of it, a `torch.library.custom_op`, or `"mylib::foo"`.
        calls: calls that the operator accepts: each a tuple of its arguments, or a pair of a tuple and a dict of
            keyword arguments. By default calls are made up from the schema.
        profiles: operator profiles whose ranks and dtypes the calls that are made up have, if `calls` is None.
        mutable: run the operator although it writes to its arguments or has side effects.
        isolated: run the operator in a forked process. Needed off for operators on an accelerator.
        seconds: about how long to experiment.
        call_seconds: the limit of one call; a call that takes longer counts as one that the operator rejects.
        memory: the bytes that one call may allocate.
        seed: the seed of the variations.

    Raises:
        TypeError: `op` is no operator, or a call does not fit its schema.
        ValueError: there is no such operator, or it needs no fake kernel.
        SynthesisError: the operator rejects all calls, or what it returns follows no rule that was found.

    """
    operator = find_operator(op)
    _check(operator, mutable)
    material = Material()
    given = [material.describe(operator.bind(*_arguments(call))) for call in calls or ()]
    if calls is not None and not given:
        raise SynthesisError("calls is empty; expected at least one call, or None to make them up from the schema")
    _check_devices(material, isolated)
    kind = Worker if isolated else LocalWorker
    with kind(_server(operator, material), Limits(call_seconds, memory)) as worker:
        study = Study(operator, material, worker, seconds, seed)
        made_up = calls_of_profiles(operator, profiles) if profiles else invented(operator)
        return study.kernel(given or list(made_up), all_given=bool(given))


def _check(operator: Operator, mutable: bool) -> None:
    if is_composite(operator.overload):
        raise ValueError(
            f"{operator.name} is composed of other operators (its kernel is CompositeImplicitAutograd): torch calls "
            "these on fake tensors, and would not use a fake kernel. If they read sizes or data, make it one operator, "
            "registered for its devices or as CompositeExplicitAutograd, or wrapped in a torch.library.custom_op, and "
            "write the fake kernel of that. torchdraft.draft_export keeps it as one operator by itself"
        )
    if needs_no_fake_kernel(operator.overload):
        raise ValueError(
            f"{operator.name} needs no fake kernel: it decomposes into other operators, or returns nothing that it has "
            "not been given"
        )
    if not mutable and (operator.mutates or operator.has_effects):
        what = "writes to its arguments" if operator.mutates else "has side effects"
        raise SynthesisError(
            f"{operator.name} {what}, so it is not run on its own account; pass mutable=True (--mutable) to run it"
        )


def _check_devices(material: Material, isolated: bool) -> None:
    devices = sorted({tensor.device.type for tensor in material.tensors} - {"cpu", "meta"})
    if isolated and devices:
        raise SynthesisError(
            f"a tensor is on {devices[0]}, which a forked process cannot use; pass isolated=False, or CPU tensors"
        )


def _arguments(call: Any) -> tuple[Sequence[Any], dict[str, Any]]:
    if not isinstance(call, (tuple, list)):
        raise TypeError(f"a call is a tuple of arguments, such as (x, 2); got {type(call).__name__}")
    if len(call) == 2 and isinstance(call[0], tuple) and isinstance(call[1], dict):
        return call[0], call[1]
    return call, {}


def _server(operator: Operator, material: Material) -> Callable[[Any], Any]:
    def serve(request: Any) -> Any:
        what, *rest = request
        if what == "call":
            return run_call(operator, material, *rest)
        if what == "compare":
            return mismatches(operator, material, *rest)
        if what == "export":
            return check_export(operator, material, *rest)
        return run_opcheck(operator, material, *rest)

    return serve
