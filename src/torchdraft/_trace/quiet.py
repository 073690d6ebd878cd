"""Keeps torch's internals from talking while a draft runs."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from .._torch.export import without_printed_graphs


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, log lines or printed graphs of torch's, unless the user asked for them with TORCH_LOGS."""
    if os.environ.get("TORCH_LOGS"):
        yield
        return
    loggers = [
        logger
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger) and (name == "torch" or name.startswith("torch.")) and not logger.disabled
    ]
    with warnings.catch_warnings(), without_printed_graphs():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger in loggers:
                logger.disabled = False
