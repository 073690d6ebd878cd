"""Shapes: the requested `dynamic_shapes` and the guards of a trace go in; what became of each dimension comes out.

May import `tracing`.
"""
