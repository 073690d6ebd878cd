"""Patches that change how fast torch does something, and nothing about the result.

In and out as for `_torch/patches/`. Imports `_torch` and `patching`.
"""
