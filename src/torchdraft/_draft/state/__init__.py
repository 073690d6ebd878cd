"""State: a model and its inputs go in; a `Snapshot` comes out that finds changes of state and undoes them.

It covers modules, containers, globals and closures, external tensors and random generators. May import `tracing`.
"""
