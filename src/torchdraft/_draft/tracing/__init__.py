"""Tracing: operations of the model's `forward` go in; a tape, an event log and symbol origins come out.

The fake tensor mode, the trace context that everything in a trace shares, and the protocols in `hooks.py` through which
a trace calls features, which keep their own state. Imports nothing else of `_draft`.
"""
