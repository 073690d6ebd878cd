"""Private names of torch: what torch lacks is `UnsupportedTorch`, other errors of an import stay what they are."""

import sys

import pytest

from torchdraft._torch.probe import need
from torchdraft.model.errors import UnsupportedTorch


def test_a_name_that_is_there():
    assert need("torch.export:export").__name__ == "export"


@pytest.mark.parametrize("path", ["torch.export:gone", "torch.gone:name", "torch.export:export.gone"])
def test_a_name_that_torch_does_not_have(path):
    with pytest.raises(UnsupportedTorch, match=f"torchdraft needs {path} which torch .* does not have"):
        need(path)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import made_missing_package", ModuleNotFoundError),
        ("from json import made_missing", ImportError),
        ("import json; json.made_missing", AttributeError),
    ],
)
def test_another_package_that_is_broken_is_not_torchs_fault(tmp_path, monkeypatch, code, error):
    (tmp_path / "made_module_beside_torch.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(error) as caught:
        need("made_module_beside_torch:name")
    assert not isinstance(caught.value, UnsupportedTorch)
    sys.modules.pop("made_module_beside_torch", None)
