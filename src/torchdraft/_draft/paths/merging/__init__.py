"""Several paths become one graph, with `torch.cond` for branches and `torch.while_loop` for loops.

In: `Path`s. Out: a graph module. It may import `paths/traced` and what that may import.
"""
