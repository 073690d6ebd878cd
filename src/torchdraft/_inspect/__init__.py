"""Inspect: a program goes in; what is in it, and what it does with one input, come out as plain data and text.

May import `_verify`, `_render`, `_source`, `_torch`, `model` and the public API.
"""
