"""The list of issues and the selected one, in a browser."""

import re
from dataclasses import replace

from tests.page.reports import ENCODER, PAGE, large
from tests.page.waiting import has, shows
from tests.sample_reports import BRANCH, CLEAN
from torchdraft.model import Location


def rows(page):
    return page.locator(".list .row")


def test_each_cause_is_a_row_worst_first(opened):
    page = opened(PAGE, "#/issues")
    has(rows(page), 5)
    assert page.locator(".list .group > h2").all_inner_texts() == ["baked 1", "guarded 2", "specialized 1", "note 1"]
    assert "TD404" in page.locator("article").inner_text()


def test_filters_are_part_of_the_address_and_combine(opened):
    page = opened(PAGE, "#/issues")
    page.get_by_role("button", name=re.compile("guarded")).click()
    has(rows(page), 2)
    page.get_by_label("Rule", exact=True).select_option("TD301")
    has(rows(page), 1)
    assert "severity=guarded" in page.url
    assert "code=TD301" in page.url
    page.get_by_text("clear filters").click()
    has(rows(page), 5)
    page.get_by_label("File").select_option("/app/encoder.py")
    has(rows(page), 2)
    page.get_by_label("Module").select_option("encoder.1")
    has(rows(page), 1)
    page.get_by_label("Search issues").fill("no such text")
    shows(page.locator(".list"), "No issue matches")


def test_search_finds_symbols_and_messages(opened):
    page = opened(PAGE, "#/issues")
    page.get_by_label("Search issues").fill("lens.max().item()")
    has(rows(page), 1)
    page.get_by_label("Search issues").fill("fake kernel")
    has(rows(page), 1)


def test_a_link_leads_to_one_issue_and_the_history_leads_back(opened):
    page = opened(PAGE, "#/issues/TD101-encoder.py-12")
    assert "A branch depends on a tensor's data" in page.locator("article h2").first.inner_text()
    page.locator(".row", has_text="TD301").click()
    shows(page.locator("article h2").first, "mylib.foo.default")
    assert page.url.endswith("#/issues/TD301-encoder.py-12")
    page.go_back()
    assert page.url.endswith("#/issues/TD101-encoder.py-12")


def test_an_unknown_link_shows_the_list(opened):
    page = opened(PAGE, "#/issues/TD999-gone.py-1%ZZ")
    has(rows(page), 5)


def test_an_issue_has_its_code_stack_symbols_locals_and_what_to_write(opened):
    page = opened(PAGE, "#/issues/TD101-encoder.py-12")
    assert page.locator("article mark").all_inner_texts()
    assert "".join(page.locator(".excerpt").first.locator("mark").all_inner_texts()) == "lens.max().item() > 5"
    page.get_by_text("Called from 1 frame").click()
    shows(page.locator(".stack"), "return self.encoder(x, lens)")
    tree = page.locator(".tree").first.inner_text()
    assert tree.index("u0 > 5") < tree.index("u0 =")
    assert "lens.max().item() at encoder.py:12" in tree
    assert "f32[2, s0]" in page.locator(".locals").inner_text()
    assert "torch.cond" in page.locator("article").inner_text()


def test_the_code_to_write_of_a_dimension_is_copied(opened):
    page = opened(PAGE, "#/issues/TD201-model.py-30")
    assert "{'x': {0: Dim('rows', min=11)}}" in page.locator(".write").inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".write").get_by_role("button").click()
    shows(page.locator(".write button"), "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "{'x': {0: Dim('rows', min=11)}}"


def test_a_call_of_several_lines_is_shown_whole(opened):
    at = Location(ENCODER, 14, "Encoder.forward", "                min=0,")
    page = opened(replace(PAGE, issues=(replace(BRANCH, location=at, user_stack=(at,)),)), "#/issues")
    shown = page.locator(".excerpt").first.locator(".inside, .here").all_inner_texts()
    assert [line.split() for line in shown] == [
        ["13", "x", "=", "x.clamp("],
        ["14", "min=0,"],
        ["15", "max=1,"],
        ["16", ")"],
    ]


def test_keys_move_through_the_issues(opened):
    page = opened(PAGE, "#/issues")
    page.keyboard.press("j")
    page.wait_for_selector(".row[aria-current] >> text=TD101")
    page.keyboard.press("k")
    page.wait_for_selector(".row[aria-current] >> text=TD404")
    page.keyboard.press("j")
    page.wait_for_selector(".row[aria-current] >> text=TD101")  # the address changes a moment after the key
    page.keyboard.press("s")
    page.wait_for_selector(".lines .chosen")
    assert page.locator(".lines .chosen").get_attribute("data-line") == "12"
    for key, view in ("1", "overview"), ("2", "issues"), ("3", "source"), ("4", "graph"):
        page.keyboard.press(key)
        page.wait_for_selector(f"main.{view}")
    page.keyboard.press("2")
    page.keyboard.press("/")
    page.wait_for_selector("#search:focus")
    page.keyboard.type("j?")
    assert page.get_by_label("Search issues").input_value() == "j?"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert "next, previous issue" in page.get_by_role("dialog").inner_text()


def test_the_editor_can_be_chosen(opened):
    page = opened(PAGE, "#/issues/TD101-encoder.py-12")
    assert page.get_by_text("Open in VS Code").get_attribute("href") == "vscode://file/app/encoder.py:12:12"
    page.get_by_label("Editor").select_option("PyCharm")
    assert (
        page.get_by_text("Open in PyCharm").get_attribute("href") == "pycharm://open?file=%2Fapp%2Fencoder.py&line=12"
    )


def test_issues_are_grouped_by_what_the_reader_chooses(opened):
    page = opened(PAGE, "#/issues")
    page.get_by_label("Group by").select_option("file")
    has(page.locator(".list .group > h2", has_text="/app/encoder.py 2"), 1)
    page.get_by_label("Group by").select_option("origin")
    has(page.locator(".list .group > h2", has_text="lens.max().item() at encoder.py:12 1"), 1)


def test_five_hundred_issues_are_listed_and_filtered(opened):
    page = opened(large(nodes=500), "#/issues")
    has(rows(page), 500)
    page.get_by_label("Search issues").fill("u123 >")
    has(rows(page), 1)


def test_a_sound_program_says_so(opened):
    page = opened(CLEAN, "#/issues")
    assert "Nothing to report" in page.locator("main").inner_text()


def test_a_narrow_screen_shows_the_list_or_the_issue(opened):
    page = opened(PAGE, "#/issues", width=400)
    assert not page.locator(".detail").is_visible()
    rows(page).first.click()
    page.wait_for_selector(".detail")
    assert not page.locator(".list").is_visible()
    page.get_by_text("All issues").click()
    page.wait_for_selector(".list")


def test_no_view_is_wider_than_a_narrow_screen(opened):
    for view in ("overview", "issues", "issues/TD101-encoder.py-12", "source", "graph"):
        page = opened(PAGE, f"#/{view}", width=390)
        assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth"), view
