"""Random models with branches and loops that data decides, drafted with `paths="all"` or along the example.

`python -m tests.fuzz.paths --n 200` checks that no program is wrong on any of the inputs without an error.
"""
