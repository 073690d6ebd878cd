"""Whose code a frame runs: the user's, a layer of torch, torch, torchdraft or Python's library."""

from __future__ import annotations

import logging
import os
import sysconfig
from types import CodeType, FrameType
from typing import Literal

import numpy
import torch

from torchdraft._torch import files

Kind = Literal["user", "layer", "torch_python", "framework", "logging", "dynamo", "entry"]
"""`layer`: `torch.nn.modules`. `torch_python`: torch's other Python code that computes with tensors and may branch."""

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LAYERS = os.path.join(files.TORCH, "nn", "modules") + os.sep
_TORCH_PYTHON = tuple(
    os.path.join(files.TORCH, *place.split("/"))
    for place in (
        *("nn/functional.py", "nn/init.py", "nn/utils/", "nn/parallel/", "nn/attention/", "functional.py"),
        *("distributions/", "ao/", "optim/", "signal/", "sparse/", "nested/", "masked/", "testing/"),
        *("_lobpcg.py", "_lowrank.py", "_linalg_utils.py"),
    )
)
_NUMPY = os.path.dirname(os.path.abspath(numpy.__file__)) + os.sep
_PYTHON = sysconfig.get_path("stdlib") + os.sep
_LOGGING = os.path.dirname(os.path.abspath(logging.__file__)) + os.sep
_KINDS: dict[int, tuple[Kind, CodeType]] = {}
"""Identity of a code object → its kind. Hashing a code object hashes all its constants. The objects are kept alive, so
that no other one gets their identity."""


def kind_of(code: CodeType) -> Kind:
    """The kind of a frame that runs `code`."""
    known = _KINDS.get(id(code))
    if known is None:
        known = _KINDS[id(code)] = (_classified(code), code)
    return known[0]


def _classified(code: CodeType) -> Kind:
    file, name = code.co_filename, code.co_name
    if name == "draft_export" and file.startswith(_OWN):
        return "entry"
    if file.startswith(_LOGGING):
        return "logging"
    if name == "run" and file == files.DYNAMO_INTERPRETER:
        return "dynamo"
    if file.startswith(_LAYERS) and file != torch.nn.modules.module.__file__:
        return "layer"
    if file.startswith(_TORCH_PYTHON):
        return "torch_python"
    wrapped = file == "<string>" and name == "<lambda>"  # the function that `make_fx` puts around what it traces
    framework = file.startswith((files.TORCH, _OWN, "<eval_with_key>")) or is_library(code)
    return "framework" if wrapped or framework else "user"


def is_framework(code: CodeType) -> bool:
    """Whether `code` belongs to torch, torchdraft, NumPy or Python's library, and not to the user or a model."""
    return kind_of(code) != "user"


def is_library(code: CodeType) -> bool:
    """Whether `code` belongs to Python's library or NumPy, which act on behalf of their caller."""
    file = code.co_filename
    if file.startswith(_PYTHON):
        return f"-packages{os.sep}" not in file
    return file.startswith((_NUMPY, "<frozen"))


def in_an_import(frame: FrameType | None) -> bool:
    """Whether a frame runs because a module is imported. That happens once in a process, not in every call."""
    while frame is not None and kind_of(frame.f_code) != "entry":
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
