"""Passes of torch.export that raise, or leave something out, for graphs that they do not expect."""

from __future__ import annotations

import torch

import torchdraft
from torchdraft._torch.patches.tracers.export import constants_without_users_dropped
from torchdraft._torch.probe import need, version


class HoldsConstant(torch.nn.Module):
    """A module for a graph with a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.held = torch.ones(2)


def test_a_constant_without_users_is_dropped() -> None:
    graph = torch.fx.Graph()
    constant = graph.get_attr("held")
    graph.output(())
    torch.fx.GraphModule(HoldsConstant(), graph)
    unused_constant = constants_without_users_dropped(need("torch._export.passes.lift_constants_pass:_unused_constant"))
    assert unused_constant(constant) == [constant]


class Scaled(torch.nn.Module):
    def forward(self, x: torch.Tensor, *, factor: torch.Tensor) -> torch.Tensor:
        return x.to_mkldnn().to_dense() * factor


def test_a_program_is_drafted_again_where_only_its_run_can_be_recorded() -> None:
    args, kwargs = (torch.ones(2, 3),), {"factor": torch.tensor(3.0)}
    program = torchdraft.draft_export(Scaled(), args, kwargs)
    again = torchdraft.draft_export(program.module(), args, kwargs)
    # Since torch 2.15 the layout of oneDNN tensors is one that fake tensors have.
    assert again._report.rung == ("concrete" if version() < (2, 15) else "symbolic")
    assert torch.equal(again.module()(2 * args[0], **kwargs), torch.full((2, 3), 6.0))
