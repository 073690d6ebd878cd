from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sample_reports import BRANCH, MUTATION
from torchdraft._check.comments import Comments, ignore_comments
from torchdraft.model import Location


@pytest.fixture
def source(tmp_path):
    """Writes a file and returns a function that makes an issue at one of its lines."""
    file = tmp_path / "model.py"

    def write(text):
        file.write_text(text)
        return lambda line, code="TD101": at(str(file), line, code)

    return write


def at(file, line, code="TD101"):
    here = Location(file, line, "forward")
    return replace(BRANCH, code=code, location=here, user_stack=(here,))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("if x > 0:  # torchdraft: ignore[TD101] never negative\n", 1),
        ("if x > 0:  # torchdraft: ignore[TD101]: never negative\n", 1),
        ("if x > 0:  #torchdraft:ignore[td101] never negative\n", 1),
        ("if x > 0:  # torchdraft: ignore[ TD103 , TD101 ] never negative\n", 1),
        ("if x > 0:  # torchdraft: ignore[data-dependent-branch] never negative\n", 1),
        ("if x > 0:  # torchdraft: ignore[TD101] never negative  # noqa: X\n", 1),
        ("if x > 0:  # noqa: X  # torchdraft: ignore[TD101] never negative\n", 1),
        ("# torchdraft: ignore[TD101] never negative\nif x > 0:\n", 2),
        ("def f():\n    # torchdraft: ignore[TD101] never negative\n    if x > 0:\n        pass\n", 3),
        ("# torchdraft: ignore[TD101] never negative\n# another comment\nif x > 0:\n", 3),
        ("f(\n    # torchdraft: ignore[TD101] never negative\n    g(x),\n)\n", 3),
    ],
)
def test_a_comment_on_the_line_or_above_it_suppresses(source, text, line):
    issue = source(text)
    suppressed = Comments().suppress(issue(line))
    assert (suppressed.by, suppressed.reason) == ("comment", "never negative")
    assert "torchdraft:" in suppressed.location.source.replace(" ", "")
    assert suppressed.location.source[suppressed.location.column] == "#"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("if x > 0:  # torchdraft: ignore[TD103] other rule\n", 1),
        ("if x > 0:  # torchdraft: ignore[TD101] next line\ny = 1\n", 2),
        ("# torchdraft: ignore[TD101] too far\n\nif x > 0:\n", 3),
        ("if x > 0:  # torchdraft: ignore everything\n", 1),
        ("if x > 0:  # torchdraft: ignore[] nothing\n", 1),
        ("if x > 0:  # torchdraft: ignored[TD101] a word\n", 1),
        ("if x > '# torchdraft: ignore[TD101] in a string':\n", 1),
        ("'''\n# torchdraft: ignore[TD101] in a string\n'''; x > 0\n", 3),
        ("if x > 0:  # see torchdraft: ignore[TD101]\n", 1),
    ],
)
def test_anything_else_does_not(source, text, line):
    assert Comments().suppress(source(text)(line)) is None


def test_a_comment_speaks_of_its_line_only(source):
    issue = source("if x > 0:\n    pass\nif x > 1:  # torchdraft: ignore[TD101] fine\n    pass\n")
    comments = Comments()
    assert comments.suppress(issue(1)) is None
    assert comments.suppress(issue(3)) is not None


def test_the_users_line_speaks_for_a_line_in_an_installed_package(source, tmp_path):
    issue = source("y = vq(x)  # torchdraft: ignore[TD101] codes are never empty\n")(1)
    inside = Location("/venv/lib/site-packages/vq/core.py", 40, "VQ.forward")
    deep = replace(issue, location=inside, user_stack=(*issue.user_stack, inside))
    assert Comments().suppress(deep).reason == "codes are never empty"


def test_a_caller_of_ones_own_line_does_not_speak_for_it(source):
    issue = source("y = f(x)  # torchdraft: ignore[TD101] too general\ndef f(x):\n    if x > 0: ...\n")
    both = replace(issue(3), user_stack=(*issue(1).user_stack, *issue(3).user_stack))
    assert Comments().suppress(both) is None


def test_an_issue_without_a_line():
    assert Comments().suppress(MUTATION) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("if x > 0:  # torchdraft: ignore[TD101] fine\n", []),
        ("if x > 0:  # torchdraft: ignore[TD101]\n", ["gives no reason"]),
        ("if x > 0:  # torchdraft: ignore[TD101,TD103] fine\n", ["no TD103 on line 1"]),
        ("if x > 0:  # torchdraft: ignore[TD101, TD99] fine\n", ["there is no rule 'TD99'"]),
        ("if x > 0:  # torchdraft: ignore\n", ["names no rule"]),
        ("if x > 0:  # torchdraft: ignore[] fine\n", ["names no rule"]),
        ("if x > 0:\n    y = 1  # torchdraft: ignore[TD102] gone\n", ["no TD102 on line 2"]),
        ("if x > 0:\n    # torchdraft: ignore[host-read] gone\n    y = 1\n", ["no host-read on line 3"]),
        ("if x > 0:  # torchdraft: ignore[TD9]\n", ["gives no reason", "there is no rule 'TD9'"]),
    ],
)
def test_what_is_wrong_with_a_comment_is_told(source, text, told):
    comments = Comments()
    comments.suppress(source(text)(1))
    remarks = comments.remarks()
    assert len(remarks) == len(told)
    for remark, words in zip(remarks, told, strict=True):
        assert words in remark.message
        assert "# torchdraft: ignore" in remark.location.source


def test_a_comment_that_is_needed_twice_is_told_once_at_most(source):
    issue = source("if x > 0:  # torchdraft: ignore[TD101]\n")
    comments = Comments()
    assert comments.suppress(issue(1)) == comments.suppress(issue(1))
    assert len(comments.remarks()) == 1


@pytest.mark.parametrize("file", ["<stdin>", "/nowhere/gone.py", "a\0b.py"])
def test_a_file_that_can_not_be_read_has_no_comments(file):
    assert ignore_comments(file) == ()
    assert Comments().suppress(at(file, 1)) is None


def test_a_file_that_breaks_off_keeps_the_comments_before(source, tmp_path):
    issue = source("if x > 0:  # torchdraft: ignore[TD101] fine\n    f(\n")
    assert Comments().suppress(issue(1)) is not None


@given(st.text())
def test_any_text_is_read(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("any") / "model.py"
    file.write_text(text, encoding="utf-8", errors="replace")
    assert isinstance(ignore_comments(str(file)), tuple)
