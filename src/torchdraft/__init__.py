"""torchdraft: a graph, always, and everything that stands between a PyTorch model and a sound export."""

from ._torch.probe import UnsupportedTorch, check_version

check_version()

from ._archive import load, save  # noqa: E402
from ._draft import draft_export  # noqa: E402
from ._kernels.generate import unsafe_generate_fake_kernels  # noqa: E402
from ._kernels.profiles import ProfileFormatError, load_op_profiles, save_op_profiles  # noqa: E402
from ._reals.stand_in import fake_weights  # noqa: E402
from ._torch.library import OpProfile, TensorMetadata  # noqa: E402
from ._trace.types import register  # noqa: E402
from ._verify.verify import verify  # noqa: E402
from .model import (  # noqa: E402
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
)
from .rules.registry import read_ahead as _read_ahead  # noqa: E402

_read_ahead()

__all__ = [
    "BrokenRung",
    "Counterexample",
    "Dimension",
    "FailureReport",
    "FailureType",
    "Issue",
    "Location",
    "OpProfile",
    "Outcome",
    "ProfileFormatError",
    "Report",
    "ReportFormatError",
    "Severity",
    "Stats",
    "TensorMetadata",
    "Trial",
    "UnsupportedTorch",
    "Verification",
    "draft_export",
    "fake_weights",
    "load",
    "load_op_profiles",
    "register",
    "save",
    "save_op_profiles",
    "unsafe_generate_fake_kernels",
    "verify",
]
