"""Tracing: the rungs, the fake mode and shape environment they run in, and the typed events they emit."""
