"""Measures what exporters make of custom operators: `python -m benchmarks.kernels` prints the tables."""
