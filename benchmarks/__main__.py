"""`python -m benchmarks` runs the speed benchmark. The zoo has its own command, `python -m benchmarks.zoo`."""

from __future__ import annotations

from .speed.__main__ import main

if __name__ == "__main__":
    main()
