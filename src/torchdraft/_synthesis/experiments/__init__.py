"""Experiments: calls of an operator, as data, go in; what the operator returned, as data, comes out.

A call is described and not held (`calls.py`), so that it can be changed (`changes.py`) and sent to the process that
runs it (`worker.py`). `explore.py` finds calls that the operator accepts. May import `_torch`.
"""
