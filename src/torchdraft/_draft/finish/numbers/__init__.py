"""Symbolic numbers of a graph, written as operations on tensors of one element.

In: a graph that reads numbers from tensors and computes with them. Out: the same values as tensors, which every
consumer keeps. `_ship` writes assertions with it. It may import `finish/passes` and what `finish` may import.
"""
