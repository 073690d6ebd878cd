"""torchdraft: a graph, always, and everything that stands between a PyTorch model and a sound export."""

from torchdraft._torch.probe import UnsupportedTorch, check_version

check_version()

from torchdraft._draft.custom_ops.profile_files import ProfileFormatError, load_op_profiles, save_op_profiles  # noqa: E402
from torchdraft._draft.custom_ops.profile_kernels import unsafe_generate_fake_kernels  # noqa: E402
from torchdraft._draft.pipeline import draft_export  # noqa: E402
from torchdraft._draft.prepare.pytree_types import register  # noqa: E402
from torchdraft._tape.fake_weights import fake_weights  # noqa: E402
from torchdraft._torch.library import OpProfile, TensorMetadata  # noqa: E402
from torchdraft._verify.verify import verify  # noqa: E402
from torchdraft.rules.registry import read_ahead as _read_ahead  # noqa: E402

from ._archive import load, save  # noqa: E402
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
