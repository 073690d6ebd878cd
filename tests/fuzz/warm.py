"""Imported by the fork server, so that every worker starts with all modules loaded and one export done."""

from __future__ import annotations

import logging

import torch

from . import check, custom_ops, features, generate

torch.set_num_threads(1)
logging.disable(logging.CRITICAL)
torch.export.export(torch.nn.ReLU(), (torch.ones(2),))

__all__ = ["check", "custom_ops", "features", "generate"]
