"""The project's own zoo: models of many libraries, tiny configurations, random weights, nothing downloaded.

`python -m benchmarks.zoo` runs them through every exporter and writes `benchmarks/RESULTS.md`.
"""
