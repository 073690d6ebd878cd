"""Tracing: operations of the model's `forward` go in, a graph, an event log and a tape come out.

The fake tensor mode, the shape environment and the trace context that everything in a trace shares. Features register
through the protocols of `hooks.py` and keep their own state. Imports nothing else of `_draft`.
"""
