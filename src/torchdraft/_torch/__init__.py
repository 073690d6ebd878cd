"""The one door to torch's internals: nothing outside this package imports a private torch module.

One file per upstream subsystem. Each takes what it needs by name through `probe.need`, so that a torch that moved fails
with a sentence naming the torch version and the missing piece instead of an AttributeError deep inside a trace.
"""
