"""torch's operators for loops, some of which have no public name yet."""

from __future__ import annotations

from typing import Any

from torch import while_loop

from torchdraft._torch.probe import need

map: Any = need("torch._higher_order_ops:map")  # noqa: A001  # torch's name
scan: Any = need("torch._higher_order_ops:scan")

__all__ = ["map", "scan", "while_loop"]
