"""State: a model and what its code can reach go in; a snapshot comes out that finds changes and undoes them.

Modules, containers, globals and closures, external tensors, random generators. May import `tracing`.
"""
