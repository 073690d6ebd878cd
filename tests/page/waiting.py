"""Comparisons that wait until the page has caught up."""

from __future__ import annotations


def has(locator, count):
    """The locator finds that many elements."""
    from playwright.sync_api import expect  # without playwright the tests are skipped

    expect(locator).to_have_count(count)


def shows(locator, text):
    """The element has the text."""
    from playwright.sync_api import expect

    expect(locator).to_contain_text(text)
