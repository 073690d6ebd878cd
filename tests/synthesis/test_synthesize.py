"""Fake kernels of operators of all kinds: what they say, where they hold, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import torchdraft
from tests.cases import spec_foo2
from tests.synthesis import ops
from torchdraft._synthesis.experiments.calls import Material
from torchdraft._synthesis.experiments.operator import find_operator
from torchdraft._synthesis.kernels.compare import mismatches

T = torch.ones
assert spec_foo2.CASE  # it defines an operator


def written(op: Any, *calls: Any, **options: Any) -> torchdraft.SynthesizedKernel:
    return torchdraft.synthesize_fake_kernel(op, list(calls), **options)


def wrong_on(op: Any, kernel: torchdraft.SynthesizedKernel, *calls: Any) -> list[str]:
    """What the kernel gets wrong on other calls."""
    operator, material = find_operator(op), Material()
    described = [material.describe(operator.bind(call, {})) for call in calls]
    return [text for _, text in mismatches(operator, material, described, kernel.source)]


PROCESS = """
import sys, torch
from tests.cases.spec_foo2 import CASE
model, example = CASE.model(), CASE.example()[0]
try:
    torch.export.export(model, example)
except Exception as error:
    print("refused:", type(error).__name__)
exec(open(sys.argv[1]).read())
program = torch.export.export(model, example)
for call in (CASE.example, *CASE.right):
    args = call()[0]
    torch.testing.assert_close(program.module()(*args), model(*args))
print("exported")
"""


def test_the_operator_of_the_spec_exports_plainly_in_a_new_process(tmp_path: Path) -> None:
    kernel = written("torchdraft_cases::foo2", (torch.tensor(3), torch.tensor(4)))
    assert kernel.exact
    assert not kernel.data_dependent
    file = tmp_path / "kernels.py"
    file.write_text("import torch\n\n" + kernel.source)
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, str(file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused: ")
    assert done.stdout.endswith("exported\n")


def test_a_convolution() -> None:
    kernel = written(ops.conv, (T(2, 3, 20), T(4, 3, 3), 1, 1))
    assert kernel.exact, kernel
    assert "2*padding" in kernel.source
    assert "// stride" in kernel.source
    assert "Learned from" in kernel.source
    assert "Tested on" in kernel.source
    assert not wrong_on(ops.conv, kernel, (T(5, 2, 31), T(7, 2, 4), 3, 2), (T(1, 1, 9), T(1, 1, 9), 4, 0))


def test_a_wrong_kernel_is_noticed() -> None:
    """The check itself: a kernel with one term left out."""
    kernel = written(ops.conv, (T(2, 3, 20), T(4, 3, 3), 1, 1))
    spoiled = kernel.source.replace("2*padding", "padding")
    operator, material = find_operator(ops.conv), Material()
    call = material.describe(operator.bind((T(2, 3, 20), T(4, 3, 3), 1, 1), {}))
    assert not mismatches(operator, material, [call], kernel.source)
    assert "really" in mismatches(operator, material, [call], spoiled)[0][1]


def test_batches_of_three_tensors_that_are_broadcast_are_one_rule_for_all_ranks() -> None:
    kernel = written(ops.blended, (T(2, 4, 6, 8), T(2, 4, 8, 5), T(2, 4, 5, 3)))
    assert kernel.exact
    assert "torch.broadcast_shapes(x.shape[:-2], y.shape[:-2], z.shape[:-2])" in kernel.source
    calls = [(T(1, 1, 2, 3), T(1, 3, 4), T(7, 1, 4, 2)), (T(2, 3), T(1, 3, 4), T(6, 5, 4, 2))]
    assert not wrong_on(ops.blended, kernel, calls[0])
    assert all("was observed with other ranks" in text for text in wrong_on(ops.blended, kernel, calls[1]))


def test_a_list_of_tensors_and_a_dimension() -> None:
    kernel = written(ops.joined, ([T(2, 3), T(2, 3)], 1))
    assert kernel.exact, kernel
    assert not wrong_on(ops.joined, kernel, ([T(2, 3), T(2, 9), T(2, 1)], -1), ([T(4, 3), T(1, 3)], 0))


def test_a_list_is_returned() -> None:
    kernel = written(ops.halves, ([T(4, 3), T(6, 2)],))
    assert kernel.exact, kernel
    assert not wrong_on(ops.halves, kernel, ([T(9, 3), T(2, 2), T(5, 1)],))


def test_sizes_that_the_data_decides() -> None:
    kernel = written(ops.nonzero, (T(3, 4),))
    assert kernel.data_dependent
    assert "new_dynamic_size()" in kernel.source
    assert "decided by the data" in kernel.open_sizes[0]
    assert not wrong_on(ops.nonzero, kernel, (torch.eye(3),), (torch.zeros(2, 2),))


def test_flags_optional_arguments_dtypes_and_numbers() -> None:
    kernel = written(ops.scaled, (T(3, 4), None, True))
    assert kernel.exact, kernel
    assert not wrong_on(ops.scaled, kernel, (T(5, 4), None, True), (T(5, 4, dtype=torch.int64), None, False))
    mixed = wrong_on(ops.scaled, kernel, (T(2, 4).half(), T(4).double(), False))
    assert all("was not observed with these arguments" in each for each in mixed)  # right or loud
    assert "2*x.shape[0]" in kernel.source


def test_a_library_with_a_list_of_sizes_and_keyword_arguments() -> None:
    kernel = written("torchdraft_synthesis::packed", (T(2), [3, 4], 5))
    assert kernel.exact, kernel
    assert "sizes[0] + sizes[1]" in kernel.source
    assert not wrong_on("torchdraft_synthesis::packed", kernel, (T(9), [1, 7], 2))


def test_a_declared_view() -> None:
    kernel = written("torchdraft_synthesis::flipped", (T(3, 4),))
    assert "as_strided" in kernel.source
    assert not kernel.failures, kernel
    assert not wrong_on("torchdraft_synthesis::flipped", kernel, (T(5, 2),))


def test_a_triton_operator() -> None:
    kernel = written(ops.tripled, (T(3, 4),))
    assert kernel.exact, kernel
    assert "3*x.shape[0]" in kernel.source


def test_an_operator_with_a_gradient() -> None:
    kernel = written(ops.differentiable, (T(3, 4, requires_grad=True),))
    assert kernel.exact, kernel
    assert dict(kernel.checks)["opcheck, test_aot_dispatch_dynamic"] == "ok"


def test_a_wrong_kernel_gets_the_smallest_call_and_a_correction() -> None:
    kernel = written(ops.lying, (T(4, 3),))
    assert kernel.existing == "wrong"
    assert kernel.counterexample.startswith("lying(x=f32[1]): shape [0], really [1]")
    assert "allow_override=True" in kernel.source
    assert kernel.exact, kernel


def test_a_right_kernel_is_found_right() -> None:
    assert written(ops.honest, (T(4, 3),)).existing == "right"


def test_calls_are_made_up_from_the_schema_and_from_profiles() -> None:
    kernel = torchdraft.synthesize_fake_kernel(ops.matmul)
    assert kernel.exact
    float64 = torchdraft.TensorMetadata(2, torch.float64, torch.device("cpu"), torch.strided)
    profile = torchdraft.OpProfile((float64, float64), float64)
    kernel = torchdraft.synthesize_fake_kernel(ops.matmul, profiles={profile})
    assert "f64[4, 4]" in kernel.calls[0]


@pytest.mark.parametrize("name", ["crashing", "hanging", "greedy", "leaving"])
def test_the_process_survives_the_operator(name: str) -> None:
    kernel = written(getattr(ops, name), (T(2, 3),), call_seconds=0.5, memory=1 << 30, seconds=8)
    assert "torch.empty_like(x" in kernel.source, kernel
    assert (kernel.crashes > 0) == (name in ("crashing", "hanging"))


def test_what_is_not_found_is_not_exact() -> None:
    kernel = written(ops.odd, (T(4),))
    assert not kernel.exact
    assert "no relation to the inputs was found" in kernel.open_sizes[0]
    assert "new_dynamic_size" in kernel.source


def test_a_size_that_a_float_decides_is_not_exact() -> None:
    kernel = written(ops.resized, (T(6), 2.0))
    assert not kernel.exact
    assert not wrong_on(ops.resized, kernel, (T(7), 1.5))
    assert written(ops.leaky, (T(6), 0.1)).exact


def test_the_kernel_raises_for_options_that_were_not_tried() -> None:
    kernel = written(ops.chosen, (T(3), [True, False, True], "ab"))
    assert kernel.exact, kernel
    assert not wrong_on(ops.chosen, kernel, (T(5), [True, False, True], "ab"))
    assert "NotImplementedError" in wrong_on(ops.chosen, kernel, (T(5), [True, True, True], "ab"))[0]
    assert "NotImplementedError" in wrong_on(ops.chosen, kernel, (T(5), [True, False, True], "abc"))[0]
    kernel = written(ops.only_three, (T(4), 3))
    assert not wrong_on(ops.only_three, kernel, (T(5), 3))
    assert "raises" in wrong_on(ops.only_three, kernel, (T(5), 100))[0]


def test_operators_that_write_are_run_when_asked() -> None:
    with pytest.raises(torchdraft.SynthesisError, match=r"writes to its arguments.*mutable=True"):
        written(ops.in_place, (T(3, 4),))
    given = T(3, 4)
    kernel = written(ops.in_place, (given,), mutable=True)
    assert kernel.exact, kernel
    assert (given == 1).all()


@pytest.mark.parametrize(
    ("op", "calls", "error", "text"),
    [
        (3, [(1,)], TypeError, "expected an operator"),
        ("torchdraft_synthesis::nothing", [(1,)], ValueError, "there is no operator"),
        ("aten::add", [(1,)], ValueError, "overloads; give one of them"),
        (ops.matmul, [], ValueError, "at least one call"),
        (ops.matmul, [(T(3, 3).to_sparse(), T(3, 3))], TypeError, "only plain, strided tensors"),
        (ops.matmul, [T(3)], TypeError, "a call is a tuple of arguments"),
        (ops.matmul, [(T(3),)], TypeError, "needs the argument 'y'"),
        (ops.matmul, [(T(3, 4), T(3, 4))], ValueError, "rejects a given call, matmul"),
        (
            f"{ops.NAMESPACE}_composite::halves",
            [(T(4),)],
            ValueError,
            r"composed of other .* torch\.library",
        ),
        (torch.ops.aten.reshape.default, [(T(3, 4), [12])], ValueError, "needs no fake kernel"),
    ],
)
def test_wrong_calls(op: Any, calls: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        torchdraft.synthesize_fake_kernel(op, calls)


def test_nothing_is_registered_and_random_state_stays() -> None:
    before = torch.random.get_rng_state()
    written(ops.matmul, (T(3, 4), T(4, 5)), isolated=False, seconds=4)
    assert torch.equal(before, torch.random.get_rng_state())
    with pytest.raises(Exception, match=r"fake|Fake"):
        torch.export.export(_Matmul(), (T(3, 4), T(4, 5)))


class _Matmul(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return ops.matmul(x, y)


def test_a_kernel_can_be_registered() -> None:
    kernel = written(ops.matmul, (T(3, 4), T(4, 5)))
    with torch.library._scoped_library(ops.NAMESPACE, "FRAGMENT") as library:
        try:
            kernel.register(lib=library)
            program = torch.export.export(
                _Matmul(), (T(3, 4), T(4, 5)), dynamic_shapes=({0: torch.export.Dim("a")}, None)
            )
            assert program.module()(T(7, 4), T(4, 5)).shape == (7, 5)
        finally:
            ops.matmul._abstract_fn = None
