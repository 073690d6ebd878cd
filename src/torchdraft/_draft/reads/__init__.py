"""Host reads: Python asks for a tensor's data; it gets a symbol, or the real value under an assertion in the graph.

Each read is declared once with how it is answered in a symbolic trace and in a recorded run. May import `tracing` and
`polyfills`.
"""
