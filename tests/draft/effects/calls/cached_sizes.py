"""A library that remembers what it worked out of sizes, as einops does."""

import functools


@functools.lru_cache
def doubled(rows: int, columns: int) -> tuple[int, int]:
    """A shape of twice the rows."""
    return rows * 2, columns // 2


UNNAMED = [functools.lru_cache(lambda rows: rows * 2)]
"""No name leads to the function itself."""
