"""What a draft reports: frozen, plain data. Nothing here imports torch, so a report can be read anywhere."""

from torchdraft.model.document import ReportFormatError
from torchdraft.model.issue import Issue
from torchdraft.model.location import Location
from torchdraft.model.report import BrokenRung, Dimension, Report, RungName, Stats
from torchdraft.model.severity import Severity
from torchdraft.model.torch_view import FailureReport, FailureType
from torchdraft.model.verification import Counterexample, Outcome, Trial, Verification

__all__ = [
    "BrokenRung",
    "Counterexample",
    "Dimension",
    "FailureReport",
    "FailureType",
    "Issue",
    "Location",
    "Outcome",
    "Report",
    "ReportFormatError",
    "RungName",
    "Severity",
    "Stats",
    "Trial",
    "Verification",
]
