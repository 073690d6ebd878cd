"""torchdraft: a graph, always, and everything that stands between a PyTorch model and a sound export.

Names are imported when they are first used (PEP 562): reading a report, `torchdraft explain` and `torchdraft rules`
work without torch. The first name that needs torch also checks its version (`torchdraft/_torch/__init__.py`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .model import (
    Branch,
    BrokenRung,
    Counterexample,
    Dimension,
    FailureReport,
    FailureType,
    Issue,
    Location,
    Outcome,
    Report,
    ReportFormatError,
    Severity,
    Stats,
    Trial,
    Verification,
    presenters,
)
from .model.errors import UnsupportedTorch
from .model.shipment import Assumption, Carried, Shipment
from .saved.registration import register_with_torch

if TYPE_CHECKING:
    from torchdraft._draft.custom_ops.profiles.files import ProfileFormatError, load_op_profiles, save_op_profiles
    from torchdraft._draft.custom_ops.profiles.kernels import unsafe_generate_fake_kernels
    from torchdraft._draft.custom_ops.profiles.op_profile import OpProfile, OutputMetadata, merge_op_profiles
    from torchdraft._draft.entry import draft_export
    from torchdraft._draft.paths.budget import PathBudget
    from torchdraft._draft.prepare.pytree_types import register
    from torchdraft._ship.runtimes.extras import MissingExtra
    from torchdraft._ship.ship import to_aoti, to_executorch, to_onnx
    from torchdraft._synthesis.synthesize import synthesize_fake_kernel
    from torchdraft._synthesis.synthesized import SynthesisError, SynthesizedKernel
    from torchdraft._tape.fake_weights import fake_weights
    from torchdraft._torch.library import TensorMetadata
    from torchdraft._verify.verify import verify

    from ._archive import load, report, save
    from ._load_errors import ProgramNotLoaded

    __version__: str

register_with_torch()
presenters.provide("Report", "torchdraft._render.presenter:REPORTS")
presenters.provide("OpProfile", "torchdraft._draft.custom_ops.profiles.data:PROFILES")
presenters.provide("Page", "torchdraft._page.presenter:PAGES")
presenters.provide("Shipment", "torchdraft._render.presenter:SHIPMENTS")
presenters.provide("Verification", "torchdraft._render.presenter:VERIFICATIONS")

_LAZY = {
    "OpProfile": "torchdraft._draft.custom_ops.profiles.op_profile",
    "OutputMetadata": "torchdraft._draft.custom_ops.profiles.op_profile",
    "PathBudget": "torchdraft._draft.paths.budget",
    "ProfileFormatError": "torchdraft._draft.custom_ops.profiles.files",
    "SynthesisError": "torchdraft._synthesis.synthesized",
    "SynthesizedKernel": "torchdraft._synthesis.synthesized",
    "TensorMetadata": "torchdraft._torch.library",
    "draft_export": "torchdraft._draft.entry",
    "fake_weights": "torchdraft._tape.fake_weights",
    "load": "torchdraft._archive",
    "load_op_profiles": "torchdraft._draft.custom_ops.profiles.files",
    "merge_op_profiles": "torchdraft._draft.custom_ops.profiles.op_profile",
    "register": "torchdraft._draft.prepare.pytree_types",
    "report": "torchdraft._archive",
    "save": "torchdraft._archive",
    "save_op_profiles": "torchdraft._draft.custom_ops.profiles.files",
    "synthesize_fake_kernel": "torchdraft._synthesis.synthesize",
    "unsafe_generate_fake_kernels": "torchdraft._draft.custom_ops.profiles.kernels",
    "ProgramNotLoaded": "torchdraft._load_errors",
    "MissingExtra": "torchdraft._ship.runtimes.extras",
    "to_aoti": "torchdraft._ship.ship",
    "to_executorch": "torchdraft._ship.ship",
    "to_onnx": "torchdraft._ship.ship",
    "verify": "torchdraft._verify.verify",
}
"""Name → the module that has it. All of these import torch."""

_MODULES = ("rules", "saved")
"""Public modules that need no import statement of their own."""

__all__ = [
    "Assumption",
    "Branch",
    "BrokenRung",
    "Carried",
    "Counterexample",
    "Dimension",
    "FailureReport",
    "FailureType",
    "Issue",
    "Location",
    "MissingExtra",
    "OpProfile",
    "Outcome",
    "OutputMetadata",
    "PathBudget",
    "ProfileFormatError",
    "ProgramNotLoaded",
    "Report",
    "ReportFormatError",
    "Severity",
    "Shipment",
    "Stats",
    "SynthesisError",
    "SynthesizedKernel",
    "TensorMetadata",
    "Trial",
    "UnsupportedTorch",
    "Verification",
    "draft_export",
    "fake_weights",
    "load",
    "load_op_profiles",
    "merge_op_profiles",
    "register",
    "report",
    "save",
    "save_op_profiles",
    "synthesize_fake_kernel",
    "to_aoti",
    "to_executorch",
    "to_onnx",
    "unsafe_generate_fake_kernels",
    "verify",
]


if not TYPE_CHECKING:  # a type checker would accept any name

    def __getattr__(name: str) -> Any:
        if name in _LAZY:
            value = getattr(importlib.import_module(_LAZY[name]), name)
            globals()[name] = value
            return value
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name == "__version__":
            return importlib.import_module("importlib.metadata").version("torchdraft")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES, "__version__"})
