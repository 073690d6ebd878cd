"""Fake kernels of operators that are written in C++."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

import torchdraft

SOURCE = """
#include <torch/library.h>
#include <ATen/ATen.h>
#include <cstdlib>

at::Tensor windows(const at::Tensor& x, int64_t size, int64_t step) {
  TORCH_CHECK(x.dim() == 2 && size > 0 && step > 0 && x.size(1) >= size, "windows: wrong arguments");
  return x.unfold(1, size, step).contiguous();
}

at::Tensor unchecked(const at::Tensor& x) {
  if (x.dim() == 1 && x.size(0) == 5) std::abort();
  return at::cat({x, x});
}

TORCH_LIBRARY(torchdraft_cpp, m) {
  m.def("windows(Tensor x, int size, int step) -> Tensor");
  m.def("unchecked(Tensor x) -> Tensor");
}

TORCH_LIBRARY_IMPL(torchdraft_cpp, CPU, m) {
  m.impl("windows", windows);
  m.impl("unchecked", unchecked);
}
"""

pytestmark = pytest.mark.skipif(
    not (shutil.which("c++") or shutil.which("g++")) or not shutil.which("ninja"),
    reason="a C++ compiler and ninja are needed to build an extension",
)


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> None:
    from torch.utils import cpp_extension

    folder: Path = tmp_path_factory.mktemp("extension")
    file = folder / "ops.cpp"
    file.write_text(SOURCE)
    cpp_extension.load(
        "torchdraft_cpp", [str(file)], extra_cflags=["-O0"], build_directory=str(folder), is_python_module=False
    )


@pytest.mark.usefixtures("extension")
def test_an_operator_in_cpp() -> None:
    kernel = torchdraft.synthesize_fake_kernel("torchdraft_cpp::windows", [(torch.ones(3, 12), 4, 2)])
    assert kernel.exact, kernel
    assert "// step" in kernel.source
    assert "memory of their own" in kernel.domain[0]  # contiguous() returns a view where it can


@pytest.mark.usefixtures("extension")
def test_an_operator_in_cpp_that_aborts() -> None:
    kernel = torchdraft.synthesize_fake_kernel("torchdraft_cpp::unchecked", [(torch.ones(3),)])
    assert kernel.exact, kernel
    assert kernel.crashes > 0
    assert "2*x.shape[0]" in kernel.source
