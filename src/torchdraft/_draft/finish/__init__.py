"""Finish: a traced program goes in; a program that can be saved, loaded, decomposed and exported again comes out.

Each graph pass is declared in its file (`registry.py` says how); `pipeline.py` finds the passes, orders them and runs
them. May import `custom_ops`, `tracing` and the file format `saved`.
"""
