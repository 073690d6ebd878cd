"""Compares the speed of torchdraft with the exporters of torch: `python -m benchmarks.speed`."""
