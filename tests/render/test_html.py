from html.parser import HTMLParser

from tests.sample_reports import BRANCHES, CLEAN, FULL, MUTATION
from torchdraft.model import Report

VOID = {"meta", "br", "hr", "link", "img"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text, self.attributes = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_well_formed_and_stands_alone():
    page = Page(FULL.to_html())
    assert page.open == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not [value for name, value in page.attributes if name in ("src", "href")]


def test_everything_is_on_it():
    text = "".join(Page(FULL.to_html()).text)
    for issue in FULL.issues:
        assert issue.code in text
        assert issue.message in text
        assert all(value in text for value in (*issue.symbols.values(), *issue.locals.values()))
        assert all(frame.source.strip() in text for frame in issue.user_stack)
    assert all(dimension.got in text for dimension in FULL.dimensions)
    assert "The symbolic rung broke in encoder.vq" in text


def test_branches_are_a_table():
    text = "".join(Page(BRANCHES.to_html()).text)
    for branch in BRANCHES.paths:
        assert branch.condition in text
    assert "both sides: 4 ops, other side 1" in text
    assert "one side: its other side could not be traced" in text
    assert "Branches" not in "".join(Page(FULL.to_html()).text)


def test_the_culprit_is_marked():
    assert "<mark>lens.max().item() &gt; 5</mark>" in FULL.to_html()


def test_text_is_escaped():
    assert "&lt;tensor&gt;" in Report(issues=(MUTATION,)).to_html()


def test_a_clean_report_has_no_groups():
    assert "article" not in Page(CLEAN.to_html()).tags
