"""Suppresses torch's warnings, log lines and printed graphs while torchdraft calls it."""

from __future__ import annotations

import logging
import os
import warnings

from torchdraft._torch.patching.changes import Changes
from torchdraft._torch.patching.registry import applied, temporary
from torchdraft._torch.patching.scopes import CALL


def torch_output_suppressed() -> Changes:
    """A context without warnings, log lines or printed graphs of torch, unless TORCH_LOGS or TORCH_TRACE is set."""
    return applied(CALL)


@temporary(
    "warnings:filters",
    "logging:Logger",
    scope=CALL,
    why="torch logs and warns about each step that fails. torchdraft reports such failures itself. TORCH_LOGS or "
    "TORCH_TRACE keep the output.",
)
def warnings_and_logs_suppressed(changes: Changes) -> None:
    """Ignores every warning, disables torch's loggers, and removes the handlers of its structured trace log."""
    if os.environ.get("TORCH_LOGS") or os.environ.get("TORCH_TRACE"):
        return
    changes.warning_filters()
    warnings.simplefilter("ignore")
    for name, logger in list(logging.root.manager.loggerDict.items()):
        of_torch = name == "torch" or name.startswith("torch.")
        if of_torch and isinstance(logger, logging.Logger) and not logger.disabled:
            changes.attribute(logger, "disabled", True)
    # Structured logs describe the stack of each record whenever there is a handler, even one that writes nothing.
    changes.attribute(logging.getLogger("torch.__trace"), "handlers", [])
