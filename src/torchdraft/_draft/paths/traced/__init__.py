"""One traced path: its decisions, what Python held at each of them, and its graph as a list of operations.

In: a trace with forced answers. Out: a `Path`. It may import the base folders, `tracing` and `guards`.
"""
