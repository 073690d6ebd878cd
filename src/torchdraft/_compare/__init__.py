"""Compare: a target goes in; how each way to capture its model does comes out.

Each way runs in a process of its own (`worker.py`) with a time limit. May import `_targets`, `_render`, `_source`,
`_torch`, `model` and the public API.
"""
