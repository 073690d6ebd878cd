"""torch's logs, which two environment variables choose."""

from __future__ import annotations

from typing import Any

from .probe import need

init_logs: Any = need("torch._logging._internal:_init_logs")
"""Reads TORCH_LOGS and TORCH_LOGS_OUT, as the import of torch does."""

_set_logs: Any = need("torch._logging:set_logs")


def logs_as_the_environment_says() -> None:
    """Forgets which logs were chosen, and chooses again from the two variables."""
    _set_logs()  # does nothing where the variables are set
    init_logs()
