"""A zoo of models of many libraries, with tiny configurations and random weights. Nothing is downloaded.

`python -m benchmarks.zoo` exports them with every exporter and writes `benchmarks/RESULTS.md`.
"""
