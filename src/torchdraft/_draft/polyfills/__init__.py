"""Polyfills: functions whose C++ implementation rejects SymInts or FakeTensors, re-expressed with traceable operations.

Each polyfill is declared once, in the file of its kind, and found by `registry.py`. May import `tracing` and `state`.
"""
