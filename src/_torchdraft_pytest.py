"""torchdraft's pytest plugin: the fixture `assert_exportable`.

Beside the package and not inside: pytest loads it at every start, and importing the package imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def assert_exportable() -> Callable[..., Any]:
    """`torchdraft.testing.assert_exportable`: drafts a model and fails, with the report, where it has issues."""
    from torchdraft.testing import assert_exportable as function

    return function
