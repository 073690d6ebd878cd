"""torch's operators for loops, some of which have no public name yet."""

from __future__ import annotations

from torch import while_loop
from torch._higher_order_ops import map, scan  # noqa: A004  # torch's names

__all__ = ["map", "scan", "while_loop"]
