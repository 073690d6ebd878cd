"""What `torch.compile` makes of a model: its graph breaks."""

from __future__ import annotations

from typing import Any

from ..probe import need

explain: Any = need("torch._dynamo:explain")
"""`explain(model)(*args)`: the graphs and breaks of a compilation."""
reset: Any = need("torch._dynamo:reset")
"""Forgets every compilation of this process."""
