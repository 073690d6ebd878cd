"""Shapes: the requested `dynamic_shapes` and the guards of a trace go in; the outcome of each dimension comes out.

`requested.py` reads the request, `judge.py` finds each dimension's outcome with the guards that caused it
(`exclusions.py`), `dimensions.py` makes the report's table and events of it, `suggestions.py` the `dynamic_shapes` to
use instead. May import `tracing`.
"""
