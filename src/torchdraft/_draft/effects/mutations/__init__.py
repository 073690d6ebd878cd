"""Watchers of state: what holds another value when `forward` ends than when it began. Attributes, hooks, buffers,
globals and closures, random generators, inputs.

May import `effects` itself, `tracing` and `state`; not `effects/calls`.
"""
