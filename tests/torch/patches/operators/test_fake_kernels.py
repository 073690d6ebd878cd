"""A temporary fake kernel replaces the operator's own, and is removed completely."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

import torchdraft
from tests.draft.custom_ops import liars, ops
from torchdraft import OpProfile, TensorMetadata
from torchdraft._torch.library import definition_of, fake_kernels_of, operator_named
from torchdraft._torch.patches.operators.fake_kernels import temporary_fake_kernel

LIBRARY = torch.library.Library("temporary_kernels", "DEF")
LIBRARY.define("doubled(Tensor x) -> Tensor")
LIBRARY.impl("doubled", lambda x: x * 2, "CPU")


@torch.library.custom_op("temporary_kernels::tripled", mutates_args=())
def tripled(x: torch.Tensor) -> torch.Tensor:
    return x * 3


@pytest.mark.parametrize("name", ["doubled", "tripled"])
def test_an_operator_without_fake_kernel_has_none_afterwards(name: str) -> None:
    op = getattr(torch.ops.temporary_kernels, name)
    with FakeTensorMode() as mode:
        x = mode.from_tensor(torch.ones(3))
        with temporary_fake_kernel(f"temporary_kernels::{name}", lambda x: x.new_empty(5)):
            assert op(x).shape == (5,)
        with pytest.raises(Exception, match=r"fake|temporary_kernels.doubled"):
            op(x)


# -- every registration is as before -------------------------------------------------------------------------------

F32 = TensorMetadata(rank=2, dtype=torch.float32, device=torch.device("cpu"), layout=torch.strided)
PROFILES = {OpProfile((F32,), F32)}
LIB = torch.library.Library("td_learned", "DEF")
LIB.define("composed(Tensor x) -> Tensor")
LIB.impl("composed", lambda x: x + 1, "CompositeImplicitAutograd")
LIB.define("meta(Tensor x) -> Tensor")
LIB.impl("meta", lambda x: x + 1, "CPU")
LIB.impl("meta", lambda x: torch.empty_like(x), "Meta")

NAMES = {
    "custom_op without a kernel": "td_missing::double",
    "no kernel": "td_missing::cpu",
    "a fake kernel": "td_liars::right",
    "a meta kernel": "td_learned::meta",
    "composed of others": "td_learned::composed",
    "explicit": "td_missing::explicit",
}
assert ops.LIB
assert liars.LIB


def registrations(name):
    op = operator_named(name)
    definition = definition_of(name)
    return {
        "fake": list(fake_kernels_of(name).kernels),
        "definition": definition._abstract_fn if definition is not None else None,
        "python": dict(op.py_kernels),
        "dispatcher": torch._C._dispatch_dump(name),
        "libraries": set(torch.library._impls),
        "composite": torch._export.utils._is_cia_op(op),
    }


class Left(Exception):
    pass


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_after_the_context_everything_is_as_before(name):
    key = name.replace("::", ".") + ".default"
    before = registrations(name)
    with torchdraft.unsafe_generate_fake_kernels({key: PROFILES}):
        inside = registrations(name)
        assert inside != before
        with torchdraft.unsafe_generate_fake_kernels({key: PROFILES}):
            assert registrations(name) != before
        assert normal(registrations(name)) == normal(inside)
    assert normal(registrations(name)) == normal(before)


@pytest.mark.parametrize("error", [Left, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_left_by_an_exception(name, error):
    key = name.replace("::", ".") + ".default"
    before = registrations(name)
    with (
        pytest.raises(error),
        torchdraft.unsafe_generate_fake_kernels({key: PROFILES}),
        torchdraft.unsafe_generate_fake_kernels({key: PROFILES}),
    ):
        raise error
    assert normal(registrations(name)) == normal(before)


def test_one_that_cannot_be_lent_leaves_the_others_as_they_were():
    before = {name: registrations(name) for name in NAMES.values()}
    keys = [name.replace("::", ".") + ".default" for name in NAMES.values()]
    with (
        pytest.raises(ValueError, match=r"no operator 'td_learned\.nothing\.default' is registered"),
        torchdraft.unsafe_generate_fake_kernels(
            {**dict.fromkeys(keys, PROFILES), "td_learned.nothing.default": PROFILES}
        ),
    ):
        pass
    for name, each in before.items():
        assert normal(registrations(name)) == normal(each)


def normal(found):
    """Without the addresses of kernels that were registered anew."""
    lines = [line.split(" ::")[0].split("registered at")[0] for line in found["dispatcher"].splitlines()]
    return found | {"dispatcher": lines}
