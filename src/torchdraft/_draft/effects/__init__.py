"""Effects: watchers of everything that `forward` does besides computing its graph; an event for each comes out.

`TraceEffects` composes the watchers of one trace. Each is declared with `@watches` in `calls/` or `mutations/`.
May import `tracing` and `state`, and imports its subfolders by name only.
"""
