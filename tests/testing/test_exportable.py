import pytest
import torch

import torchdraft
from torchdraft.testing import assert_exportable

X = torch.ones(3)


class Loud(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x * 2
        return x


class Scratch(torch.nn.Module):
    def forward(self, x):
        return x.add_(1)


class Excused(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:  # torchdraft: ignore[TD101] inputs are probabilities
            return x * 2
        return x


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A working directory without settings."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_path_is_an_option_and_a_setting(here):
    program = assert_exportable(Loud(), (X,), paths="all")
    assert [issue.code for issue in program._report.issues] == ["TD603"]
    (here / "pyproject.toml").write_text("[tool.torchdraft]\nrequire-both-sides = true\n")
    assert_exportable(Loud(), (X,))
    with pytest.raises(AssertionError, match="TD101"):
        assert_exportable(Loud(), (X,), paths="example", fail_on="baked")


def test_a_sound_model_gives_its_program():
    batch = torch.export.Dim("batch")
    program = assert_exportable(torch.nn.ReLU(), (torch.ones(3, 2),), dynamic_shapes={"input": {0: batch}})
    assert isinstance(program, torch.export.ExportedProgram)
    assert program.module()(torch.ones(7, 2)).shape == (7, 2)


def test_an_issue_fails_with_the_report():
    with pytest.raises(AssertionError) as caught:
        assert_exportable(Loud(), (X,))
    told = str(caught.value)
    assert told.startswith("Loud: 1 issue (1 guarded)\n")
    assert "TD101 data-dependent-branch" in told
    assert "if x.sum() > 0:" in told
    assert "\x1b" not in told


@pytest.mark.parametrize("allow", [("TD101",), "TD101", ["data-dependent-branch"], {"td101", "TD404"}])
def test_what_is_allowed_does_not_fail(allow):
    assert assert_exportable(Loud(), (X,), allow=allow)._report.issues[0].code == "TD101"


def test_what_else_there_is_is_folded():
    with pytest.raises(AssertionError, match=r"\n  1 ignored by the call: TD101$"):
        assert_exportable(Both(), (X,), allow=("TD101",), fail_on="any")


class Both(torch.nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x.add_(1)
        return x


@pytest.mark.parametrize(("level", "fails"), [(None, False), ("guarded", False), ("any", True)])
def test_notes_fail_only_where_any_does(level, fails):
    if fails:
        with pytest.raises(AssertionError, match="TD401"):
            assert_exportable(Scratch(), (X.clone(),), fail_on=level)
    else:
        assert_exportable(Scratch(), (X.clone(),), fail_on=level)


def test_comments_excuse():
    assert_exportable(Excused(), (X,))


def test_settings_excuse_and_set_the_level(here):
    settings = here / "pyproject.toml"
    settings.write_text("[tool.torchdraft]\nfail-on = 'baked'\n")
    assert_exportable(Loud(), (X,))
    settings.write_text("[tool.torchdraft]\nignore = { TD101 = 'probabilities' }\n")
    assert_exportable(Loud(), (X,))
    settings.write_text("[tool.torchdraft]\nignore = { TD401 = 'scratch' }\n")
    with pytest.raises(AssertionError):
        assert_exportable(Loud(), (X,))


def test_options_of_the_draft_are_passed_on(monkeypatch):
    calls = []
    own = torchdraft.draft_export
    monkeypatch.setattr(
        torchdraft, "draft_export", lambda *args, **kwargs: calls.append(kwargs) or own(*args, **kwargs)
    )
    assert_exportable(torch.nn.ReLU(), (X,), memory_budget=100, check_on_example=True)
    assert calls == [
        {
            "dynamic_shapes": None,
            "paths": "example",
            "check_kernels": "custom",
            "memory_budget": 100,
            "check_on_example": True,
        }
    ]
    with pytest.raises(TypeError, match="no_such_option"):
        assert_exportable(torch.nn.ReLU(), (X,), no_such_option=1)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"allow": ("TD999",)}, "allow names 'TD999'; expected one of TD101"),
        ({"fail_on": "note"}, "fail_on is 'note'; expected one of baked, guarded, specialized, any"),
    ],
)
def test_wrong_arguments(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        assert_exportable(torch.nn.ReLU(), (X,), **options)


def test_wrong_settings(here):
    (here / "pyproject.toml").write_text("[tool.torchdraft]\nfailon = 1\n")
    with pytest.raises(ValueError, match=r"pyproject.toml: \[tool.torchdraft\] has the key 'failon'\nexpected: one of"):
        assert_exportable(torch.nn.ReLU(), (X,))


def test_the_models_own_exception_comes_out():
    with pytest.raises(TypeError, match="forward"):
        assert_exportable(torch.nn.ReLU(), (X, X))
