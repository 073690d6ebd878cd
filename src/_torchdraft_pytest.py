"""torchdraft's pytest plugin: the fixture `assert_exportable`.

A module beside the package, because pytest loads plugins at every start and the package should load only when a test
needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="session")
def assert_exportable() -> Callable[..., Any]:
    """`torchdraft.testing.assert_exportable`: drafts a model and fails, with the report, if it has issues."""
    from torchdraft.testing import assert_exportable as function

    return function
