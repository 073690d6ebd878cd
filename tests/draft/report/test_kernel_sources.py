"""The fake kernel that an issue shows: it registers, exports what was observed, and raises elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import torchdraft
from tests.synthesis import ops
from torchdraft._draft.report.kernel_sources import kernel_source
from torchdraft._synthesis.kernels.compare import compiled
from torchdraft._torch.patches.operators.fake_kernels import temporary_fake_kernel

T = torch.ones


class Model(torch.nn.Module):
    def __init__(self, op: Any) -> None:
        super().__init__()
        self.op = op

    def forward(self, *args: Any) -> Any:
        return self.op(*args)


@pytest.mark.parametrize(
    ("op", "args", "code"),
    [
        (ops.matmul, (T(3, 4), T(4, 5)), "TD301"),
        (ops.nonzero, (T(3, 4),), "TD301"),
        (ops.lying, (T(3, 4),), "TD302"),
        (ops.differentiable, (T(3),), "TD301"),
    ],
)
def test_the_kernel_of_an_issue_exports_plainly(op: Any, args: Any, code: str) -> None:
    report = torchdraft.draft_export(Model(op), args)._report
    (issue,) = (issue for issue in report.issues if issue.code == code)
    source = issue.code_to_write
    assert ("allow_override=True" in source) == (code == "TD302")
    assert "write\n    @torch.library.register_fake" in str(report)
    name = op._opoverload.name()
    with temporary_fake_kernel(name, compiled(source)):
        program = torch.export.export(Model(op), args)
        torch.testing.assert_close(program.module()(*args), op(*args))
        with pytest.raises(Exception, match="observed with other arguments"):
            torch.export.export(Model(op), tuple(arg.double() for arg in args))


def test_no_kernel_is_shown_where_the_profiles_say_too_little() -> None:
    metadata = torchdraft.TensorMetadata(2, torch.float32, torch.device("cpu"), torch.strided)
    assert kernel_source("no.such.operator", {torchdraft.OpProfile((metadata,), metadata)}) == ""
    assert kernel_source("torchdraft_synthesis.nonzero.default", {torchdraft.OpProfile((None,), metadata)}) == ""
    sparse = torchdraft.TensorMetadata(2, torch.float32, torch.device("cpu"), torch.sparse_coo)
    assert kernel_source("torchdraft_synthesis.nonzero.default", {torchdraft.OpProfile((metadata,), sparse)}) == ""
