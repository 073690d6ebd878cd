"""`torchdraft check`, with reports of a fake engine."""

import json
import sys

import pytest
from typer.testing import CliRunner

from tests.check.project import MODEL, with_comment, write
from torchdraft._cli.app import app

pytestmark = pytest.mark.usefixtures("engine")

BRANCH = "y = x * 2  # finds TD101"
COMMENT = "# torchdraft: ignore[TD101] x is never negative"


def check(*arguments):
    return CliRunner().invoke(app, ["check", *map(str, arguments)], env={"COLUMNS": "100"})


def again(*arguments):
    """A further run, which imports the changed file again as a new process would."""
    import linecache

    linecache.clearcache()
    sys.modules.pop("model", None)
    return check(*arguments)


def test_clean_is_0(folder):
    write(folder)
    done = check("model.py:quiet")
    assert (done.exit_code, done.stdout) == (
        0,
        "model.py:quiet: clean\n\n1 target, 0 findings (failing on specialized and worse)\n",
    )


def test_findings_are_1_and_told_in_full(folder):
    write(folder)
    done = check("model.py:loud")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == ["model.py:loud", "Loud: 1 issue (1 guarded)"]
    assert "    model.py:10 in Loud.forward" in lines
    assert "  1 note below the fail level: TD401" in lines
    assert lines[-1] == "1 target, 1 finding (failing on specialized and worse)"


@pytest.mark.parametrize(("level", "status"), [("baked", 0), ("guarded", 1), ("specialized", 1), ("any", 1)])
def test_the_level(folder, level, status):
    write(folder)
    assert check("model.py:loud", "--fail-on", level).exit_code == status


def test_every_path(folder):
    write(folder)
    assert check("model.py:loud", "--paths", "all").exit_code == 0
    assert check("model.py:loud", "--paths", "example").exit_code == 1
    write(folder, paths='"all"')
    assert check("model.py:loud").exit_code == 0
    assert check("model.py:loud", "--paths", "example").exit_code == 1


def test_required_sides_fail_at_every_level(folder):
    write(folder, require_both_sides="true")
    assert check("model.py:loud", "--fail-on", "baked").exit_code == 0
    write(folder, MODEL.replace("# finds TD101", "# finds TD101, guarded"), require_both_sides="true")
    done = check("model.py:loud", "--fail-on", "baked")
    assert done.exit_code == 1
    assert "TD101 data-dependent-branch" in done.stdout


def test_required_sides_are_not_there_on_the_path_of_the_example(folder):
    write(folder, require_both_sides="true")
    done = check("model.py:loud", "--paths", "example")
    assert done.exit_code == 2
    assert "the settings require both sides of every branch" in done.stderr


def test_any_takes_notes(folder):
    write(folder, MODEL.replace(" # finds TD101", ""))
    assert check("model.py:loud").exit_code == 0
    assert check("model.py:loud", "--fail-on", "any").exit_code == 1


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("model.py:broken", "drafting Broken raised: RuntimeError: this model is broken"),
        ("model.py:raising", "raising() raised: KeyError: 'missing'"),
        ("model.py:leaving", "leaving() raised: SystemExit: 3"),
        ("model.py:nothing", "'model.py' has no 'nothing'"),
        ("gone.py:build", "there is no file 'gone.py'"),
    ],
)
def test_a_broken_target_is_2_and_hides_no_finding(folder, target, told):
    write(folder)
    done = check(target, "model.py:loud", "model.py:quiet")
    assert done.exit_code == 2
    assert f"{target}: broken\n  {told}" in done.stdout
    assert "TD101 data-dependent-branch" in done.stdout
    assert "model.py:quiet: clean" in done.stdout
    assert done.stdout.splitlines()[-1] == "3 targets, 1 finding, 1 broken (failing on specialized and worse)"


@pytest.mark.parametrize(
    "arguments",
    [
        ["model.py:quiet", "--fail-on", "note"],
        ["model.py:quiet", "--format", "xml"],
        ["model.py:quiet", "--write-baseline"],
        ["model.py:quiet", "--update-baseline"],
        ["model.py:quiet", "--baseline", "gone.json"],
        ["model.py:quiet", "--baseline", "b.json", "--write-baseline", "--update-baseline"],
        ["model.py:quiet", "--baseline", "b.txt", "--write-baseline"],
        ["model.py:quiet", "-o", "gone/out.json"],
        [],
    ],
)
def test_a_wrong_call_is_2_and_says_so_on_stderr(folder, arguments):
    write(folder)
    done = check(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


def test_settings_that_are_wrong_are_2(folder):
    write(folder, targets="'model.py:quiet'")
    done = check()
    assert done.exit_code == 2
    assert "pyproject.toml: [tool.torchdraft] targets is 'model.py:quiet'" in done.stderr


class TestSettings:
    def test_targets_level_and_rules_come_from_them(self, folder):
        write(
            folder,
            targets=["model.py:loud", "model.py:quiet"],
            fail_on="'any'",
            ignore="{ TD101 = 'never negative', TD401 = 'scratch' }",
        )
        done = check()
        assert done.exit_code == 0
        assert "  2 ignored by the settings: TD101 (never negative), TD401 (scratch)\n" in done.stdout
        assert done.stdout.endswith("\n2 targets, 0 findings, 2 ignored (failing on any issue, notes too)\n")

    def test_arguments_come_before_them(self, folder):
        write(folder, targets=["model.py:loud"], fail_on="'guarded'")
        assert check().exit_code == 1
        assert check("model.py:quiet").exit_code == 0
        assert check("--fail-on", "baked").exit_code == 0

    def test_paths_are_those_of_the_file_they_stand_in(self, folder, monkeypatch):
        write(folder, targets=["model.py:loud"], baseline="'accepted.json'")
        (folder / "deep/er").mkdir(parents=True)
        monkeypatch.chdir(folder / "deep/er")
        assert check("--write-baseline").exit_code == 0
        assert (folder / "accepted.json").exists()
        assert check().exit_code == 0
        assert check("../../model.py:loud").exit_code == 0
        monkeypatch.chdir(folder)
        assert check("model.py:loud").exit_code == 0


class TestRules:
    @pytest.mark.parametrize("rules", ["TD101", "TD1", "data-dependent-branch", "TD401, TD1"])
    def test_selected_and_ignored_ones(self, folder, rules):
        write(folder)
        assert check("model.py:loud", "--select", rules).exit_code == 1
        done = check("model.py:loud", "--ignore", rules)
        assert done.exit_code == 0
        assert "ignored by the call: TD101" in done.stdout

    def test_what_is_not_selected_does_not_count(self, folder):
        write(folder)
        done = check("model.py:loud", "--select", "TD2", "--select", "TD401")
        assert done.exit_code == 0
        assert "1 ignored by the call: TD101 (not selected)" in done.stdout

    @pytest.mark.parametrize("rules", ["TD9999", "nothing", "", "TD101,,"])
    def test_one_that_is_none(self, folder, rules):
        write(folder)
        done = check("model.py:loud", "--ignore", rules)
        assert done.exit_code == 2
        assert "names no rule" in done.stderr

    def test_exit_zero_is_for_findings_alone(self, folder):
        write(folder)
        assert check("model.py:loud", "--exit-zero").exit_code == 0
        assert check("model.py:broken", "--exit-zero").exit_code == 2

    def test_statistics(self, folder):
        write(folder, MODEL.replace(BRANCH, f"{BRANCH}\n        {BRANCH}"))
        done = check("model.py:loud", "--statistics", "--format", "concise")
        assert [line.split() for line in done.stdout.splitlines()[-3:]] == [
            ["failing", "milder", "suppressed", "code", "name"],
            ["2", "0", "0", "TD101", "data-dependent-branch"],
            ["0", "1", "0", "TD401", "input-mutation"],
        ]
        assert check("model.py:loud", "--statistics", "--format", "json").exit_code == 2


class TestComments:
    def test_an_ignored_issue_does_not_count_and_is_folded(self, folder):
        write(folder, with_comment(MODEL, BRANCH, COMMENT))
        done = check("model.py:loud")
        assert done.exit_code == 0
        assert "  1 ignored by a comment: TD101 (x is never negative)\n" in done.stdout

    def test_a_comment_that_ignores_nothing_is_told_and_fails_nothing(self, folder):
        write(folder, with_comment(MODEL, BRANCH, "# torchdraft: ignore[TD101,TD103] x is never negative"))
        done = check("model.py:loud")
        assert done.exit_code == 0
        assert "warning: model.py:10: ignore[TD101, TD103]: the checked targets have no TD103 on line 10" in done.stdout

    def test_a_subset_of_the_targets_calls_no_comment_unused(self, folder):
        commented = with_comment(MODEL, BRANCH, "# torchdraft: ignore[TD101,TD103] x is never negative")
        write(folder, commented, targets=["model.py:loud", "model.py:quiet"])
        assert "warning" not in check("model.py:loud").stdout
        assert "have no TD103 on line 10" in check().stdout
        assert "have no TD103" in check("model.py:loud", "model.py:quiet").stdout
        assert "warning" not in check("--select", "TD101").stdout

    def test_one_target_speaks_for_the_comments_of_another(self, folder):
        write(folder, with_comment(MODEL, BRANCH, COMMENT))
        assert "warning" not in check("model.py:quiet", "model.py:loud").stdout


class TestBaseline:
    BASELINE = ("--baseline", "accepted.json")

    def test_it_accepts_what_is_there_and_fails_on_what_is_new(self, folder):
        write(folder)
        done = check("model.py:loud", *self.BASELINE, "--write-baseline")
        assert done.exit_code == 0
        assert "  1 accepted by the baseline: TD101\n" in done.stdout
        assert "1 accepted by accepted.json" in done.stdout
        assert again("model.py:loud", *self.BASELINE).exit_code == 0
        write(folder, MODEL.replace(BRANCH, f"{BRANCH}\n        y = y * 3  # finds TD103"))
        done = again("model.py:loud", *self.BASELINE)
        assert done.exit_code == 1
        assert "Loud: 1 issue (1 guarded)" in done.stdout
        assert "TD103 host-read" in done.stdout

    def test_lines_may_move(self, folder):
        write(folder)
        check("model.py:loud", *self.BASELINE, "--write-baseline")
        write(folder, "# a line\n" * 7 + MODEL)
        assert again("model.py:loud", *self.BASELINE).exit_code == 0

    def test_a_comment_may_be_added_or_changed(self, folder):
        write(folder)
        check("model.py:loud", *self.BASELINE, "--write-baseline")
        write(folder, with_comment(MODEL, BRANCH, "# see the notes"))
        done = again("model.py:loud", *self.BASELINE)
        assert (done.exit_code, "warning" in done.stdout) == (0, False)

    def test_one_of_an_earlier_version_has_comments(self, folder):
        write(folder)
        check("model.py:loud", *self.BASELINE, "--write-baseline")
        file = folder / "accepted.json"
        file.write_text(file.read_text().replace('"y = x * 2"', '"y = x * 2 # finds TD101"'))
        assert again("model.py:loud", *self.BASELINE).exit_code == 0

    def test_it_is_not_written_of_some_rules(self, folder):
        write(folder)
        done = check("model.py:loud", *self.BASELINE, "--write-baseline", "--select", "TD1")
        assert done.exit_code == 2
        assert "--write-baseline with --select or --ignore" in done.stderr

    def test_a_second_one_like_it_is_new(self, folder):
        write(folder)
        check("model.py:loud", *self.BASELINE, "--write-baseline")
        write(folder, MODEL.replace(BRANCH, f"{BRANCH}\n        {BRANCH}"))
        done = again("model.py:loud", *self.BASELINE)
        assert done.exit_code == 1
        assert "1 finding, 1 accepted by accepted.json" in done.stdout

    def test_stale_entries_are_told_and_taken_out(self, folder):
        write(folder)
        check("model.py:loud", *self.BASELINE, "--write-baseline")
        write(folder, MODEL.replace(" # finds TD101", ""))
        done = again("model.py:loud", *self.BASELINE)
        assert done.exit_code == 0
        assert "warning: the baseline accepts TD101 in Loud.forward (`y = x * 2`)" in done.stdout
        done = again("model.py:loud", *self.BASELINE, "--update-baseline")
        assert (done.exit_code, "warning" in done.stdout) == (0, False)
        assert json.loads((folder / "accepted.json").read_text())["targets"] == {}

    def test_updating_accepts_nothing_new(self, folder):
        write(folder)
        check("model.py:quiet", *self.BASELINE, "--write-baseline")
        done = again("model.py:loud", *self.BASELINE, "--update-baseline")
        assert done.exit_code == 1
        assert json.loads((folder / "accepted.json").read_text())["targets"] == {}

    def test_targets_that_were_not_asked_for_keep_theirs(self, folder):
        write(folder, targets=["model.py:loud", "model.py:quiet"])
        check(*self.BASELINE, "--write-baseline")
        before = (folder / "accepted.json").read_text()
        for change in ("--write-baseline", "--update-baseline"):
            assert again("model.py:quiet", *self.BASELINE, change).exit_code == 0
            assert (folder / "accepted.json").read_text() == before

    def test_a_target_that_is_gone_from_the_settings_is_stale(self, folder):
        write(folder, targets=["model.py:loud"])
        check(*self.BASELINE, "--write-baseline")
        write(folder, targets=["model.py:quiet"])
        assert "TD101 in Loud.forward" in again(*self.BASELINE).stdout
        again(*self.BASELINE, "--write-baseline")
        assert json.loads((folder / "accepted.json").read_text())["targets"] == {}

    @pytest.mark.parametrize("change", ["--write-baseline", "--update-baseline"])
    def test_a_target_that_breaks_keeps_its_entries(self, folder, change):
        write(folder, targets=["model.py:loud"])
        check(*self.BASELINE, "--write-baseline")
        before = (folder / "accepted.json").read_text()
        write(folder, MODEL.replace("y = x * 2", "y = x.gone()"))
        done = again(*self.BASELINE)
        assert (done.exit_code, "warning" in done.stdout) == (2, False)
        assert again(*self.BASELINE, change).exit_code == 2
        assert (folder / "accepted.json").read_text() == before

    def test_only_what_fails_is_written(self, folder):
        write(folder, with_comment(MODEL, BRANCH, COMMENT))
        check("model.py:loud", *self.BASELINE, "--write-baseline")
        assert json.loads((folder / "accepted.json").read_text())["targets"] == {}
        check("model.py:loud", *self.BASELINE, "--write-baseline", "--fail-on", "any")
        (entry,) = json.loads((folder / "accepted.json").read_text())["targets"]["model.py:loud"]
        assert entry["code"] == "TD401"


class TestFormats:
    def test_json_keeps_what_is_suppressed_and_why(self, folder):
        write(folder, with_comment(MODEL, BRANCH, COMMENT))
        done = check("model.py:loud", "model.py:broken", "--format", "json")
        assert done.exit_code == 2
        body = json.loads(done.stdout)
        assert (body["format"], body["version"], body["status"]) == ("torchdraft-check", 1, "broken")
        loud, broken = body["targets"]
        assert (loud["status"], broken["status"]) == ("clean", "broken")
        assert broken["error"].startswith("drafting Broken raised: RuntimeError")
        first, second = loud["findings"]
        assert first["issue"]["code"] == "TD101"
        assert (first["suppressed"]["by"], first["suppressed"]["reason"]) == ("comment", "x is never negative")
        assert first["suppressed"]["location"]["line"] == 10
        assert (second["issue"]["code"], second["suppressed"], second["fails"]) == ("TD401", None, False)
        assert loud["report"]["model"] == "Loud"

    @pytest.mark.parametrize("form", ["json", "sarif", "github"])
    def test_nothing_else_is_on_stdout(self, folder, form):
        write(folder)
        done = check("model.py:loud", "--format", form)
        assert done.exit_code == 1
        assert "importing" not in done.stdout
        assert "running" not in done.stdout
        assert "importing" in done.stderr
        lines = done.stdout.splitlines()
        if form == "github":
            assert [line.split(" ")[0] for line in lines] == ["::warning", "::notice"]
        else:
            assert json.loads(done.stdout)

    def test_sarif_knows_the_rules(self, folder):
        write(folder)
        log = json.loads(check("model.py:loud", "--format", "sarif").stdout)
        (run,) = log["runs"]
        assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["TD101", "TD401"]
        assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "model.py"

    @pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
    def test_to_a_file(self, folder, form):
        write(folder)
        printed = check("model.py:loud", "--format", form)
        done = check("model.py:loud", "--format", form, "-o", "out.txt")
        assert (done.exit_code, done.stdout) == (1, "")
        assert "wrote out.txt" in done.stderr
        assert (folder / "out.txt").read_text() == printed.stdout


def test_a_file_of_several_targets_runs_once_and_a_target_named_twice_is_one(folder):
    write(folder)
    done = check("model.py:quiet", "model.py:loud", "./model.py:quiet")
    assert done.stderr.count("importing") == 1
    assert "2 targets" in done.stdout


def test_files_of_one_name_in_two_folders_are_two(folder):
    for name, target in (("a", "loud"), ("b", "quiet")):
        (folder / name).mkdir()
        write(folder / name, MODEL.replace(f"def {target}", "def build"))
    done = check("a/model.py:build", "b/model.py:build")
    assert "b/model.py:build: clean" in done.stdout
    assert "Loud: 1 issue" in done.stdout
