"""Builds operators that are written in C++."""

from functools import cache
from pathlib import Path
from shutil import which

import pytest
import torch

SOURCE = Path(__file__).parent / "operators.cpp"


@cache
def loaded():
    """The operators of `operators.cpp`. Skips the test where they cannot be compiled."""
    if which("c++") is None or which("ninja") is None:
        pytest.skip("needs a C++ compiler and ninja")
    from torch.utils import cpp_extension

    cpp_extension.load("td_extension", [str(SOURCE)], extra_cflags=["-O0"], is_python_module=False)
    return torch.ops.td_extension
