"""Effects: watchers of everything that `forward` does besides computing its graph; an event for each comes out.

Mutated attributes and inputs, globals, random numbers, clocks, files, caches, threads. May import `tracing` and
`state`.
"""
