"""Host reads: Python code takes a tensor's data out of the graph.

In: a call of a function or method that returns Python data, with fake tensors. Out: a symbol, or the real data together
with an assertion in the graph that the program's data equals it. Each read is declared once (`registry.py`), with its
answer in a symbolic trace (`function_mode.py`) and in a recorded run (`_draft/recorded`). Every module of this folder
is loaded, so a new file needs no entry elsewhere. May import `tracing` and `polyfills`.
"""
