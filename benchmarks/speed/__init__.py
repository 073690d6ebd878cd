"""Races torchdraft against torch's own export: `python -m benchmarks.speed`."""
