"""Prints the tables named on the command line, all of them by default."""

from __future__ import annotations

import sys

from . import cases, synthesis

TABLES = {"cases": cases.main, "synthesis": synthesis.main}


def main(given: list[str]) -> int:
    """Runs the named tables; options after a name are those of its table."""
    if given and given[0] in TABLES:
        return TABLES[given[0]](given[1:])
    if given:
        print(f"usage: python -m benchmarks.kernels [{' | '.join(TABLES)}] [options of the table]", file=sys.stderr)
        return 2
    return max(table([]) for table in TABLES.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
