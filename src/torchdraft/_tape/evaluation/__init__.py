"""Evaluation: a demand for a value goes in; the operations of the tape that it needs run, and the value comes out.

May import `_torch` and `_tape`.
"""
