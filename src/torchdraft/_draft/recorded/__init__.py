"""Recorded runs: a module that cannot be traced symbolically goes in; the recording of its real run, replayed
symbolically, comes out.

May import `reads`, `polyfills`, `prepare`, `custom_ops` and `tracing`.
"""
