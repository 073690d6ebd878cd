"""What becomes of a call whose fake kernel does not return."""

import sys

import pytest
import torch

import torchdraft
from tests.draft.custom_ops.ops import Nested, example

LIB = torch.library.Library("td_raising", "DEF")
OPS = torch.ops.td_raising


class Odd(BaseException):
    """Not an `Exception`."""


def raising(error):
    def fake(x):
        raise error

    return fake


def exiting(x):
    sys.exit(3)


for name, fake in {"exits": exiting, "odd": raising(Odd("no")), "closes": raising(GeneratorExit())}.items():
    LIB.define(f"{name}(Tensor x) -> Tensor")
    LIB.impl(name, lambda x: x * 2, "CPU")
    torch.library.register_fake(f"td_raising::{name}", fake, lib=LIB)
LIB.define("interrupted(Tensor x) -> Tensor")
LIB.impl("interrupted", lambda x: x * 2, "CPU")
torch.library.register_fake("td_raising::interrupted", raising(KeyboardInterrupt()), lib=LIB)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("name", "says"),
    [("exits", "it raises SystemExit: 3"), ("odd", "it raises Odd: no"), ("closes", "it raises GeneratorExit")],
)
def test_a_kernel_that_leaves_the_process_raised(name, says, strict):
    op = getattr(OPS, name)
    program = torchdraft.draft_export(Nested(lambda x: op(x) + 1, depth=0), (example(),), strict=strict)
    assert {i.data["reason"] for i in program._report.issues if i.code == "TD302"} == {says}
    torch.testing.assert_close(program.module()(-example()), op(-example()) + 1)


def test_the_users_interrupt_ends_the_draft():
    with pytest.raises(KeyboardInterrupt):
        torchdraft.draft_export(Nested(OPS.interrupted, depth=0), (example(),))
