"""Explains a verdict: the issue that caused it, the failing node, a smaller counterexample.

May import `inputs` and `run`.
"""
