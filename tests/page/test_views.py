"""The overview, the source, printing, accessibility, and text that is not what it seems, in a browser."""

import pytest

from tests.page.reports import HOSTILE, PAGE, hostile, large
from tests.page.waiting import has
from tests.sample_reports import CLEAN, FULL, NOTES

VIEWS = ("overview", "issues/TD101-encoder.py-12", "source", "graph/_assert_scalar")


def test_the_overview_says_what_came_of_the_model(opened):
    text = opened(PAGE, "").locator("main").inner_text()
    for part in (
        "Net",
        "Can be silently wrong on other inputs",
        "5 issues",
        "x: f32[2, s0]",
        "The symbolic rung broke in encoder.vq",
        "TypeError: no len()",
        "11 and more",
        "lens.max() > 5",
        "both sides: 4 ops, other side 1",
        "one side: its other side could not be traced",
        "mylib.foo",
        "1 profile",
        "0.300 s",
        "0.42 s",
        "2.13.0",
    ):
        assert part in text, part


@pytest.mark.parametrize(("report", "text"), [(CLEAN, "nothing to report"), (NOTES, "A sound program")])
def test_a_sound_program_is_called_sound(opened, report, text):
    assert text in opened(report).locator(".verdict").inner_text()


def test_counts_lead_to_the_issues_of_a_severity(opened):
    page = opened(PAGE)
    page.locator(".counts a", has_text="guarded").click()
    has(page.locator(".list .row"), 2)


def test_the_source_has_issues_in_its_margin(opened):
    page = opened(PAGE, "#/source/%2Fapp%2Fencoder.py")
    line = page.locator('.line[data-line="12"]')
    has(line.locator(".severity.guarded"), 1)
    assert "".join(line.locator("mark").all_inner_texts()) == "lens.max().item() > 5"
    has(page.locator(".remark"), 2)
    page.locator(".remark").first.click()
    assert page.url.endswith("#/issues/TD101-encoder.py-12")


def test_lines_are_shown_where_the_file_is_gone(opened):
    page = opened(FULL, "#/source/%2Fapp%2Fencoder.py:12")
    assert "was not readable, or had changed" in page.locator("main").inner_text()
    assert "if lens.max().item() > 5 and self.ready:" in page.locator(".lines").inner_text()


def test_light_and_dark(opened):
    page = opened(PAGE, scheme="dark")
    back = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(back)
    page.keyboard.press("t")
    page.wait_for_selector("[data-theme=light]")
    assert page.evaluate(back) == "rgb(255, 255, 255)" != dark
    page.keyboard.press("t")
    page.wait_for_selector("[data-theme=dark]")
    assert page.evaluate(back) == dark
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_paper_has_everything(opened):
    page = opened(PAGE, "#/graph")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    has(page.locator("article"), 5)
    has(page.locator("details:not([open])"), 0)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    has(page.locator("main.graph"), 1)
    assert len(page.pdf()) > 20_000


def test_the_output_of_a_notebook_is_the_page(browser, tmp_path):
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><body>{PAGE._repr_html_()}</body>", encoding="utf-8")
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Issues").first.click()
    has(frame.locator(".list .row"), 5)
    frame.locator("body").press("t")
    assert errors == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(opened, view, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install '.[page]'"
    )
    page = opened(PAGE, f"#/{view}", scheme=scheme)
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_what_is_wrong(opened):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed: pip install '.[page]'"
    )
    page = opened(PAGE)
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert axe.Axe().run(page).violations_count > 0


def test_text_of_models_stays_text(opened):
    for view in ("overview", "issues", "source", "graph", "graph/@"):
        page = opened(hostile(), f"#/{view}")
        page.keyboard.press("Tab")
        assert page.title() == f"{HOSTILE} – torchdraft"
        has(page.locator("img, iframe, main script"), 0)
        assert HOSTILE.split("<")[1] in page.locator("body").inner_text() or view == "graph"
    assert page.evaluate("[...document.querySelectorAll('a')].every(a => !a.href.startsWith('javascript:'))")


def test_a_large_report_has_all_views(opened):
    for view in ("overview", "issues", "source", "graph"):
        opened(large(), f"#/{view}", wait=f"main.{view} > *")
