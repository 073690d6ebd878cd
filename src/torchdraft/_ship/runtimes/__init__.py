"""Runtimes: a file that `_ship` wrote goes in, a module that calls it with the arguments of the model comes out.

`_verify` compares such a module with the model. May import `_torch` and `model`; the runtimes' own packages are
imported when they are needed.
"""
