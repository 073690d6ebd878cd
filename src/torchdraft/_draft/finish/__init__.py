"""Finish: a traced program goes in; it comes out able to be saved, loaded, decomposed and exported again.

`pipeline.py` has the graph passes in order. May import `custom_ops`, `prepare` and `tracing`.
"""
