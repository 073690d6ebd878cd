"""The documentation site: what its link check finds, and that the page of the API has every public name."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import torchdraft
import torchdraft.testing

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("build_site", ROOT / "tools" / "build_site.py")
build_site = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(build_site)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "index.html").write_text('<h1 id="top">x</h1><a href="rules/a.html#one">a</a><img src="one.png">')
    (tmp_path / "rules" / "a.html").write_text(
        '<h2 id="one">x</h2><a href="../index.html#top">up</a><a href="#one"></a>'
    )
    (tmp_path / "one.png").write_bytes(b"")
    return tmp_path


def test_a_site_without_broken_links(site):
    assert list(build_site.broken_links(site)) == []


@pytest.mark.parametrize("link", ["gone.html", "../index.html#gone", "#gone", "../two.png", "a.html#%C3%A9"])
def test_a_link_that_leads_nowhere_is_found(site, link):
    with (site / "rules" / "a.html").open("a") as page:
        page.write(f'<a href="{link}">x</a>')
    assert list(build_site.broken_links(site)) == [f"rules/a.html: the link {link} leads nowhere"]


@pytest.mark.parametrize("link", ["https://example.org/x", "mailto:a@example.org", "", "?highlight=x"])
def test_links_that_are_not_checked(site, link):
    with (site / "rules" / "a.html").open("a") as page:
        page.write(f'<a href="{link}">x</a>')
    assert list(build_site.broken_links(site)) == []


def test_the_page_of_the_api_has_every_public_name():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\.\. auto\w+:: (\w+)$", text, re.MULTILINE)
    assert sorted(shown) == sorted([*torchdraft.__all__, *torchdraft.testing.__all__])


def test_the_navigation_has_the_topics_in_the_order_of_a_reader(monkeypatch):
    """Sphinx itself warns of pages that no navigation has."""
    pytest.importorskip("sphinx", reason="sphinx is not installed: pip install '.[docs]'")
    spec = importlib.util.spec_from_file_location("site_conf", ROOT / "docs" / "site" / "conf.py")
    settings = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(settings)
    titles = [page.rpartition("/")[2] for page in (*settings.START, *settings.TOPICS)]
    assert titles == [
        "install", "quickstart", "mend-and-ship", "how-it-works", "README", "custom-operators", "every-path",
        "continuous-integration", "debugging", "limits", "benchmarks",
    ]  # fmt: skip
