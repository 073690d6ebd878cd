"""Fake kernels that were learned from runs of an operator, and registered for it during a trace.

The operator has no fake kernel or a wrong one of its own, and the report still says so. What the learned kernel says of
a call is compared with a real run, and asserted by the program, as what any other kernel says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch

from torchdraft._torch.dispatch import outside_modes
from torchdraft._torch.library import has_side_effects, is_composite
from torchdraft._torch.patches.operators.fake_kernels import temporary_fake_kernel
from torchdraft._torch.pytree import tree_leaves, tree_map
from torchdraft._torch.symbolic.fake import OpOverload

from .call_facts import facts_of_run

if TYPE_CHECKING:
    from torchdraft._tape.evaluation.evaluate import OpRun
    from torchdraft.model.events import KernelMismatched, KernelMissing

    from .op_call import OpCall

MOST_CALLS = 4
MOST_ELEMENTS = 1 << 22
"""Calls with more elements are not copied."""


@dataclass(frozen=True, slots=True)
class LearnedKernel:
    """A kernel, and what the report says about the operator's own."""

    kernel: Callable[..., Any]
    event: KernelMissing | KernelMismatched
    kind: Literal["missing", "wrong"]


@dataclass(slots=True)
class ObservedCalls:
    """Copies of the real arguments of calls whose outputs were inferred: operator → calls of different signatures."""

    calls: dict[Any, list[tuple[tuple[Any, ...], dict[str, Any]]]] = field(default_factory=dict)

    def note(self, call: OpCall, run: OpRun) -> None:
        """Keeps the arguments of a run, if the operator may be run on others of the kind."""
        if not may_be_run(call.func) or facts_of_run("missing", run).written:
            return
        leaves = tree_leaves((run.args, run.kwargs))
        kept = self.calls.setdefault(call.func, [])
        elements = sum(leaf.numel() for leaf in leaves if isinstance(leaf, torch.Tensor))
        if len(kept) < MOST_CALLS and elements <= MOST_ELEMENTS and not any(map(_is_object, leaves)):
            with outside_modes():
                kept.append(tree_map(_copied, (tuple(run.args), dict(run.kwargs))))


@dataclass(slots=True)
class LearnedKernels:
    """What several traces of one draft share: the learned kernels, and the calls to learn them from."""

    kernels: dict[Any, LearnedKernel] = field(default_factory=dict)
    calls: ObservedCalls = field(default_factory=ObservedCalls)

    @contextmanager
    def registered(self) -> Iterator[None]:
        """A context in which operators have the learned kernels."""
        with ExitStack() as stack:
            for op, each in self.kernels.items():
                stack.enter_context(temporary_fake_kernel(op.name(), each.kernel))
            yield


def may_be_run(op: Any) -> bool:
    """Whether the schema of a custom operator says that a run of it changes nothing (no argument is written to or
    returned, and it has no side effects), and that it returns tensors and symbolic integers: a kernel that returns an
    `int` fixes what it depends on.
    """
    if not isinstance(op, OpOverload) or op._schema.is_mutable or has_side_effects(op) or is_composite(op):
        return False
    if any(
        result.real_type.kind() != "SymIntType" and "Tensor" not in str(result.type) for result in op._schema.returns
    ):
        return False
    return all(each.alias_info is None for each in (*op._schema.arguments, *op._schema.returns))


def _is_object(leaf: Any) -> bool:
    plain = (torch.Tensor, bool, int, float, complex, str, torch.dtype, torch.device, torch.layout, torch.memory_format)
    return leaf is not None and not isinstance(leaf, plain)


def _copied(leaf: Any) -> Any:
    return leaf.detach().clone() if isinstance(leaf, torch.Tensor) else leaf
