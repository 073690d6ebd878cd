import sys
from pathlib import Path

import pytest
import torch

import torchdraft
from torchdraft._targets.target import load_target
from torchdraft._targets.usage_error import UsageError

FILE = Path(__file__).parent / "targets.py"


@pytest.fixture(autouse=True)
def imports_undone(monkeypatch):
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("targets", "_torchdraft_target", "made_")):
            del sys.modules[name]


def loaded(name):
    return load_target(f"{FILE}:{name}")


@pytest.mark.parametrize(("name", "kwargs"), [("build", {}), ("everything", {"bias"}), ("no_kwargs", {})])
def test_a_target_is_loaded(name, kwargs):
    target = loaded(name)
    assert isinstance(target.model, torch.nn.Module)
    assert len(target.args) == 1
    assert set(target.kwargs) == set(kwargs)


def test_a_target_in_a_package(tmp_path, monkeypatch):
    (tmp_path / "made_package").mkdir()
    (tmp_path / "made_package" / "__init__.py").write_text("")
    (tmp_path / "made_package" / "nets.py").write_text(FILE.read_text())
    monkeypatch.chdir(tmp_path)
    assert load_target("made_package.nets:build").args


def test_a_file_sees_its_neighbours_and_may_be_called_anything(tmp_path):
    (tmp_path / "made_neighbour.py").write_text("import torch\nX = torch.ones(1)\n")
    source = "import torch\nfrom made_neighbour import X\ndef build(): return torch.nn.ReLU(), (X,)\n"
    for name in ("json.py", "my-net.py"):
        (tmp_path / name).write_text(source)
        assert load_target(f"{tmp_path / name}:build").args


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("missing", "has no 'missing'", "one of its functions: build, everything, failing"),
        ("model", "'model' is a module", "a function without arguments"),
        ("number", "'number' is a int", "a function without arguments"),
        ("with_argument", "can't be called without arguments", "a function without arguments"),
        ("raising", "raising() raised: KeyError: 'missing'", ""),
        ("leaving", "leaving() raised: SystemExit: 0", ""),
        ("returns_none", "returned None", "a tuple (module, args[, kwargs[, dynamic_shapes]])"),
        ("returns_module", "returned a Doubler", "a tuple (module"),
        ("returns_one", "returned a tuple of 1", "a tuple (module"),
        ("returns_five", "returned a tuple of 5", "a tuple (module"),
        ("returns_class", "returned a type as the model", "another object that can be called"),
        ("returns_number", "returned a int as the model", "a torch.nn.Module, or another object"),
        ("returns_list", "returned a list as args", "a tuple of the model's positional arguments"),
        ("returns_bad_kwargs", "returned a list as kwargs", "a dict with names as keys"),
        ("returns_numbered_kwargs", "returned a dict as kwargs", "a dict with names as keys"),
    ],
)
def test_what_is_wrong_is_said(name, given, expected):
    with pytest.raises(UsageError) as caught:
        loaded(name)
    assert given in caught.value.given
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("model.py", "names no callable"),
        (":build", "names no callable"),
        ("model.py:", "names no callable"),
        ("nowhere.py:build", "there is no file 'nowhere.py'"),
        ("made_nowhere.nets:build", "no module named 'made_nowhere'"),
        ("json.nowhere:build", "no module named 'json.nowhere'"),
    ],
)
def test_where_it_is_not_found(text, given):
    with pytest.raises(UsageError, match=given):
        load_target(text)


@pytest.mark.parametrize("code", ["import made_missing", "1 / 0", "raise SystemExit(3)", "def"])
def test_a_target_that_does_not_import(tmp_path, monkeypatch, code):
    (tmp_path / "made_broken.py").write_text(f"# first line\n{code}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"running .* failed: ") as caught:
        load_target("made_broken.py:build")
    if code != "def":
        assert caught.value.frames[-1].source == code
    with pytest.raises(UsageError, match="importing 'made_broken' failed: "):
        load_target("made_broken:build")


def test_an_exception_of_the_target_shows_its_line():
    with pytest.raises(UsageError) as caught:
        load_target(f"{FILE}:raising")
    assert caught.value.frames[-1].source.strip() == 'return {}["missing"]'


@pytest.mark.parametrize("name", ["returns_function", "returns_method", "returns_object"])
def test_any_callable_is_a_model(name):
    found = loaded(name)
    assert isinstance(found.model, torch.nn.Module)
    expected = found.model(*found.args)
    program = torchdraft.draft_export(found.model, found.args, dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.testing.assert_close(program.module()(*found.args), expected)
    assert torchdraft.verify(program, found.model, n=4).ok


def test_the_weights_of_a_method_are_those_of_its_module():
    assert set(loaded("returns_method").model.state_dict()) == {"model.weight", "model.bias"}
