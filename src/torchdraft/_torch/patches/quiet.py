"""Keeps torch's internals from talking while a draft runs."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from .export import without_printed_graphs


@contextmanager
def torch_output_suppressed() -> Iterator[None]:
    """No warnings, log lines or printed graphs of torch's, unless TORCH_LOGS or TORCH_TRACE asks for them."""
    if os.environ.get("TORCH_LOGS") or os.environ.get("TORCH_TRACE"):
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
        trace = logging.getLogger("torch.__trace")
        handlers = trace.handlers
        trace.handlers = []  # structured logs describe their stacks whenever a handler is there, written or not
        try:
            yield
        finally:
            trace.handlers = handlers
            for logger in loggers:
                logger.disabled = False
