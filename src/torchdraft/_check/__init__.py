"""Check: targets are drafted and their reports become findings, which fail the check or are suppressed.

Targets and settings go in; a `Check` (`model/check.py`) comes out. May import `_targets`, `_render`, `rules`, `model`
and the public API.
"""
