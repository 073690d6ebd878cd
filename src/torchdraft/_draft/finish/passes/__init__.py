"""How a graph pass is declared, ordered and found, and what the passes share.

In: functions with `@graph_pass` or `@program_pass`. Out: the passes in their order. It may import the base folders.
"""
