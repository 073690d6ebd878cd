from pathlib import Path

import pytest

from torchdraft._check.settings import Settings, find_settings
from torchdraft._targets.usage_error import UsageError


@pytest.fixture
def project(tmp_path):
    """Writes the table and reads it back."""

    def settings(text, start=tmp_path):
        (tmp_path / "pyproject.toml").write_text(text)
        return find_settings(start)

    return settings


def test_everything_that_can_be_set(project, tmp_path):
    found = project(
        """
        [tool.torchdraft]
        targets = ["model.py:build", "package.nets:build"]
        fail-on = "guarded"
        baseline = "ci/torchdraft.json"
        paths = "all"
        check-kernels = "none"
        require-both-sides = true

        [tool.torchdraft.ignore]
        TD401 = "inputs are scratch memory"
        host-read = "logged only"
        """
    )
    assert found == Settings(
        folder=tmp_path,
        file=tmp_path / "pyproject.toml",
        targets=("model.py:build", "package.nets:build"),
        ignore={"TD401": "inputs are scratch memory", "TD103": "logged only"},
        fail_on="guarded",
        baseline=tmp_path / "ci/torchdraft.json",
        paths="all",
        check_kernels="none",
        require_both_sides=True,
    )


def test_without_a_file_there_are_defaults(tmp_path):
    assert find_settings(tmp_path) == Settings(folder=tmp_path)
    assert find_settings(tmp_path).fail_on == "specialized"


def test_who_requires_both_sides_drafts_every_path(project):
    assert project("[tool.torchdraft]\nrequire-both-sides = true\n").paths == "all"
    assert project("[tool.torchdraft]\nrequire-both-sides = false\n").paths == "example"
    with pytest.raises(UsageError, match="paths is 'example'"):
        project('[tool.torchdraft]\nrequire-both-sides = true\npaths = "example"\n')


def test_an_empty_table_is_one(project, tmp_path):
    assert project("[tool.torchdraft]\n") == Settings(folder=tmp_path, file=tmp_path / "pyproject.toml")


def test_the_nearest_file_with_the_table_counts(project, tmp_path):
    deep = tmp_path / "packages/net/src"
    deep.mkdir(parents=True)
    (tmp_path / "packages/net/pyproject.toml").write_text('[project]\nname = "net"\n')
    assert project("[tool.torchdraft]\n", deep).folder == tmp_path
    (tmp_path / "packages/net/pyproject.toml").write_text("[tool.torchdraft]\n")
    assert find_settings(deep).folder == tmp_path / "packages/net"


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("tool.torchdraft = 3", "[tool.torchdraft] is 3", "a table"),
        ("[tool.torchdraft]\nfail_on = 'any'", "has the key 'fail_on'", "one of targets, ignore, fail-on, baseline"),
        ("[tool.torchdraft]\ntargets = 'm.py:b'", "targets is 'm.py:b'", "a list of targets"),
        ("[tool.torchdraft]\ntargets = [1]", "targets is [1]", "a list of targets"),
        ("[tool.torchdraft]\nfail-on = 'note'", "fail-on is 'note'", "one of baked, guarded, specialized, any"),
        ("[tool.torchdraft]\nfail-on = ['any']", "fail-on is ['any']", "one of baked"),
        ("[tool.torchdraft]\nignore = ['TD401']", "ignore is ['TD401']", "rules and why they are ignored"),
        ("[tool.torchdraft]\nignore = { TD999 = 'x' }", "ignore names the rule 'TD999'", "one of TD101, TD102"),
        ("[tool.torchdraft]\nignore = { TD401 = ' ' }", "ignore.TD401 is ' '", "a reason"),
        ("[tool.torchdraft]\nignore = { TD401 = true }", "ignore.TD401 is True", "a reason"),
        ("[tool.torchdraft]\nbaseline = 1", "baseline is 1", "a file name"),
        ("[tool.torchdraft]\nbaseline = ''", "baseline is ''", "a file name"),
        ("[tool.torchdraft]\ncheck-kernels = 'some'", "check-kernels is 'some'", "one of custom, all, none"),
        ("[tool.torchdraft]\npaths = 'both'", "paths is 'both'", "one of example, all"),
        ("[tool.torchdraft]\nrequire-both-sides = 1", "require-both-sides is 1", "true or false"),
        ("[tool.torchdraft", "can't be read: ", "a TOML file"),
    ],
)
def test_what_is_wrong_is_said_with_file_key_and_what_was_expected(project, tmp_path, text, given, expected):
    with pytest.raises(UsageError) as caught:
        project(text)
    assert caught.value.given.startswith(str(Path(tmp_path / "pyproject.toml")))
    assert given in caught.value.given
    assert expected in caught.value.expected


def test_a_tool_that_is_no_table_is_not_ours(project, tmp_path):
    assert project("tool = 3") == Settings(folder=tmp_path)
