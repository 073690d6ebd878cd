"""The host reads: each is declared once, with its answer in a symbolic trace and in a recorded run.

In: a call of Python code that takes a tensor's data, memory or metadata. Out: its answer, asserted in the graph. It may
import `reads` and what `reads` may import.
"""
