"""The graph, in a browser."""

from dataclasses import replace

import pytest

from tests.page.reports import LISTING, PAGE, large, node
from tests.page.waiting import has
from tests.sample_reports import FULL


def in_sight(page):
    """Whether the selected node is within the drawing."""
    outer, inner = (page.locator(each).first.bounding_box() for each in ("svg", "svg .selected"))
    across = outer["x"] <= inner["x"] <= outer["x"] + outer["width"] - inner["width"]
    return across and outer["y"] <= inner["y"] <= outer["y"] + outer["height"] - inner["height"]


def test_modules_open_and_close(opened):
    page = opened(PAGE, "#/graph")
    svg = page.locator("svg")
    has(svg.get_by_label("Open 0, 6 nodes, 1 issue"), 1)
    svg.get_by_label("Open 0, 6 nodes, 1 issue").click()
    has(svg.get_by_label("Open lin, 1 node"), 1)
    svg.get_by_label("Open if lens.max().item() > 5 and self.ready:, 4 nodes, 1 issue").press("Enter")
    has(svg.locator('[data-id="#6"]'), 1)
    svg.get_by_label("Close 0").click()
    has(svg.locator('[data-id="#6"]'), 0)


def test_shapes_stand_on_the_edges(opened):
    page = opened(PAGE, "#/graph/linear")
    assert "f32[2, s0]" in page.locator("svg .edge").all_text_contents()


def test_a_link_to_a_node_opens_its_modules_and_says_what_is_known(opened):
    page = opened(PAGE, "#/graph/_assert_scalar")
    has(page.locator("svg .selected.guarded"), 1)
    assert in_sight(page)
    panel = page.locator(".panel").inner_text()
    for text in ("encoder.0", "/app/encoder.py:12", "if lens.max().item() > 5 and self.ready:", "1 input", "gt"):
        assert text in panel
    page.locator(".panel").get_by_role("link", name="gt").click()
    assert page.url.endswith("#/graph/gt")


def test_from_an_issue_to_its_node_to_its_line_and_back(opened):
    page = opened(PAGE, "#/issues/TD101-encoder.py-12")
    page.get_by_role("link", name="1 node").click()
    page.wait_for_selector("svg .selected")
    page.locator(".panel").get_by_role("link", name="/app/encoder.py:12").click()
    page.wait_for_selector(".lines .chosen")
    assert page.locator(".lines .chosen").get_attribute("data-line") == "12"
    page.locator(".lines .chosen .nodes").click()
    page.wait_for_selector("svg .selected")
    page.goto(page.url.split("#")[0] + "#/graph/_assert_scalar")
    page.locator(".panel .links a").first.click()
    assert page.url.endswith("#/issues/TD101-encoder.py-12")


def test_severity_colours_the_parts_that_hold_an_issue(opened):
    page = opened(PAGE, "#/graph/@encoder")
    has(page.locator("svg .part.guarded"), 2)
    has(page.locator("svg .stripe"), 2)


def test_search_finds_nodes_by_name_operator_and_shape(opened):
    page = opened(PAGE, "#/graph")
    page.get_by_label("Search nodes").fill("assert")
    has(page.locator(".hit"), 1)
    page.get_by_label("Search nodes").fill("i64[2]")
    page.locator(".hit").click()
    assert page.url.endswith("#/graph/lens")
    page.get_by_label("Search nodes").fill("encoder.0.lin")
    assert page.locator(".hit b").all_inner_texts() == ["linear"]


def test_weights_are_hidden_until_asked_for(opened):
    page = opened(PAGE, "#/graph")
    has(page.locator("svg .weight"), 0)
    page.get_by_label("weights and constants").check()
    has(page.locator("svg .weight"), 1)


def test_a_branch_of_a_subgraph_has_its_own_box(opened):
    inner = [
        node("inner", graph="true_graph_0", module="encoder.0"),
        node("other", graph="true_graph_0", module="encoder.0"),
    ]
    nodes = (*LISTING.nodes[:3], *inner, node("cond", "cond", (4,)), replace(LISTING.nodes[-1], inputs=(5,)))
    page = opened(replace(PAGE, issues=(), listing=replace(LISTING, nodes=nodes)), "#/graph/cond")
    has(page.locator("svg .cluster.graph"), 1)
    assert "true_graph_0" in page.locator(".outline").inner_text()


def test_zoom_and_fit(opened):
    page = opened(PAGE, "#/graph")
    scale = "document.querySelector('svg').__zoom.k"
    before = page.evaluate(scale)
    page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate(scale) > before
    page.keyboard.press("0")
    assert page.evaluate(scale) == pytest.approx(before)


def test_without_a_listing_the_page_says_how_to_get_one(opened):
    page = opened(FULL, "#/graph")
    assert "torchdraft view model.pt2" in page.locator("main").inner_text()


@pytest.mark.parametrize("flat", [False, True])
def test_ten_thousand_nodes_are_drawn_a_few_at_a_time(opened, flat):
    page = opened(large(flat=flat), "#/graph", wait="svg .part")
    assert page.locator("svg [role=button]").count() <= 200
    page.get_by_label("Search nodes").fill("n9980")
    page.locator(".hit").first.click()
    page.wait_for_selector("svg .selected.guarded")
    assert in_sight(page)
    assert page.locator("svg [role=button]").count() <= 600
    assert page.locator(".outline .item").count() <= 600
