"""Verify: checks an exported program against its model.

A program and its model go in. Inputs are drawn from the program's dynamic shapes, both sides run on them, and a
`Verification` comes out that explains every difference. May import `model`, `_source`, `_torch` and `_draft`.
"""
