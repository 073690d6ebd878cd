"""Every path: a program that holds both sides of the branches that data decides, as `torch.cond`.

In: a model, and a trace of it along the path of the example. Out: a program with both sides. Each side of a branch is
traced as a whole path of its own (`explore.py`), with the state of the model put back in between; `alignment.py` finds
where the paths of the two sides rejoin, `merge.py` writes them into one graph, and that graph is traced once more
(`merged_model.py`), so that torch makes its symbols, assertions and metadata.

May import every step of a draft up to `rungs`.
"""
