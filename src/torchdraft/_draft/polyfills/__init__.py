"""Polyfills: functions whose C++ implementation rejects SymInts or FakeTensors, re-expressed with traceable operations.

In: a call of a torch function, of a Python builtin in the model's modules, or of a control flow operator. Out: a call
that can be traced and gives the same result. Each is declared once, with the reason: torch functions by `registry.py`,
builtins by `builtins.py`, control flow operators by `control_flow.py`. Every module of this folder is loaded, so a new
file needs no entry elsewhere. May import `tracing` and `state`.
"""
