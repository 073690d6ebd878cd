"""What the page contains, without a browser."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.page.reports import HOSTILE, LISTING, PAGE, hostile
from tests.sample_reports import BRANCH, CLEAN, FULL
from torchdraft._page.content import Content
from torchdraft._page.operators import _profile
from torchdraft._page.statements import Statements
from torchdraft._source.files import sources_of
from torchdraft.model import Location, Report


class Page(HTMLParser):
    """The elements of a page, and the text of each kind of element."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.scripts, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.open.append(tag)
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1][1] += data

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass


def shown(report):
    page = Page(report.to_html())
    return next(json.loads(text) for attrs, text in page.scripts if attrs.get("id") == "content")


@pytest.mark.parametrize(
    "report", [FULL, PAGE, CLEAN, Report(), hostile()], ids=["full", "page", "clean", "empty", "hostile"]
)
def test_the_page_stands_alone(report):
    page = Page(report.to_html())
    assert sorted(set(page.tags)) == [
        "body",
        "div",
        "head",
        "html",
        "meta",
        "noscript",
        "pre",
        "script",
        "style",
        "title",
    ]
    assert not [value for name, value in page.attributes if name in ("src", "href") or name.startswith("on")]
    assert len(page.scripts) == 3


def test_only_the_script_of_the_page_may_run():
    page = Page(PAGE.to_html())
    (code,) = [text for attrs, text in page.scripts if not attrs]
    policy = next(value for name, value in page.attributes if name == "content" and "script-src" in value)
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digest}';" in policy


def test_hostile_text_arrives_as_it_is():
    report = hostile()
    found = shown(report)
    assert found["model"] == HOSTILE
    assert found["issues"][0]["message"] == HOSTILE
    assert found["listing"]["name"][0] == HOSTILE
    assert found["files"][0]["text"] == HOSTILE + "\n"
    assert "lone \\ud800 surrogate" in report.to_html()
    report.to_html().encode("utf-8")


def test_without_scripts_the_report_is_text():
    text = PAGE.to_html()
    assert (
        "Net: 4 issues (1 baked, 2 guarded, 1 specialized) and 1 note"
        in re.search("<noscript>(.*?)</noscript>", text, re.DOTALL)[1]
    )


def test_causes_have_addresses_of_their_own():
    twins = Report(issues=(BRANCH, replace(BRANCH, code="TD102"), replace(BRANCH, expr="u1 < 2")))
    assert [group["id"] for group in shown(twins)["groups"]] == [
        "TD101-encoder.py-12",
        "TD101-encoder.py-12-2",
        "TD102-encoder.py-12",
    ]


def test_issues_of_one_cause_are_one_group():
    many = tuple(replace(BRANCH, expr=f"u{n} > {n}", modules=(f"layers.{n}",)) for n in range(30))
    (group,) = shown(Report(issues=many))["groups"]
    assert group["members"] == list(range(30))
    assert len(group["modules"]) == 30


def test_the_tree_of_a_condition_ends_at_what_was_read():
    tree = Content(PAGE).data()["issues"][1]["tree"]
    (read,) = tree["parts"]
    assert (tree["text"], read["text"], read["how"]) == ("u0 > 5", "u0", "lens.max().item() at encoder.py:12")


def test_custom_operators_have_calls_profiles_and_issues():
    (row,) = Content(PAGE).data()["operators"]
    assert row == {"name": "mylib.foo", "calls": 1, "profiles": ["OpProfile(a)"], "issues": [4]}


def test_a_profile_is_one_line():
    tensor = {"rank": 2, "dtype": "float32", "device": "cpu", "layout": "strided"}
    profile = {"args_profile": [tensor, {**tensor, "rank": 1}], "out_profile": tensor, "none_arguments": [1]}
    line = "(float32, 2 dimensions, cpu; float32, 1 dimension, cpu) → float32, 2 dimensions, cpu; none_arguments: 1"
    assert _profile(profile) == line


def test_each_key_of_a_node_is_there_once():
    columns = shown(PAGE)["listing"]
    assert {len(columns[name]) for name in ("name", "target", "inputs", "value", "frame", "issues")} == {
        len(LISTING.nodes)
    }


def test_a_report_without_a_program_has_no_listing():
    assert shown(FULL)["listing"] is None


def test_rules_have_their_pages():
    assert set(shown(PAGE)["rules"]) == {"TD101", "TD201", "TD301", "TD401", "TD404"}
    assert "torch.cond" in shown(PAGE)["rules"]["TD101"]["sections"]["Use instead"]


def test_to_html_writes_what_it_returns(tmp_path):
    (tmp_path / "page.html").write_text("old")
    PAGE.to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == PAGE.to_html()


SOURCE = """\
def f(x):
    if (
        x > 0
        and x < 5
    ):
        y = g(
            x,
        )
    with a(
        b
    ), c:
        pass
    return y
"""


@pytest.mark.parametrize(
    ("line", "span"),
    [(1, (1, 1)), (3, (2, 4)), (7, (6, 8)), (10, (9, 11)), (12, (12, 12)), (13, (13, 13)), (99, (99, 99))],
)
def test_a_statement_is_found_by_each_of_its_lines(line, span):
    assert Statements(SOURCE).around(line) == span


@pytest.mark.parametrize("text", ["def f(:", "\0", "(" * 500])
def test_what_is_not_python_has_no_statements(text):
    assert Statements(text).around(1) == (1, 1)


def test_files_that_changed_are_left_out(tmp_path):
    file = tmp_path / "m.py"
    file.write_text("a = 1\nb = 2\n")
    same, other = Location(str(file), 2, "f", "b = 2"), Location(str(file), 1, "f", "a = 3")
    assert sources_of([same]) == {str(file): "a = 1\nb = 2\n"}
    assert sources_of([same, other]) == {}
    assert (
        sources_of([Location(str(tmp_path / "gone.py"), 1), Location("<stdin>", 1), Location(str(tmp_path), 1)]) == {}
    )
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    assert sources_of([], [str(tmp_path / "binary.py")]) == {}
