"""Watchers of calls: functions and classes are replaced while the model is traced, and an event comes out for each call
that the model makes. Clocks, random numbers, files, caches, threads.

May import `effects` itself, `tracing` and `state`; not `effects/mutations`.
"""
