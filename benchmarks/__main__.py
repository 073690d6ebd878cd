"""`python -m benchmarks` is the race; the fuzzer and the zoo have commands of their own."""

from __future__ import annotations

from .speed.__main__ import main

if __name__ == "__main__":
    main()
