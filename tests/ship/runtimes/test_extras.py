"""Missing packages."""

from __future__ import annotations

import sys

import pytest

from torchdraft._ship.runtimes.extras import MissingExtra, needed


def test_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r'pip install "torchdraft\[onnx\]"'):
        needed("onnxruntime")
