"""The benchmark of the report compares drafts with it and without it."""

import torch

import torchdraft
from benchmarks.speed.ledger import without_ledger


class Branches(torch.nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


def test_without_the_ledger_the_same_program_has_no_issues():
    x = torch.ones(3)
    with without_ledger():
        bare = torchdraft.draft_export(Branches(), (x,))
    told = torchdraft.draft_export(Branches(), (x,))
    assert bare._report.issues == ()
    assert [issue.code for issue in told._report.issues] == ["TD101"]
    assert [str(node.target) for node in bare.graph.nodes] == [str(node.target) for node in told.graph.nodes]
