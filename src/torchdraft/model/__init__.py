"""What a draft reports: frozen, plain data. Nothing here imports torch, so a report can be read anywhere."""

from .errors import ReportFormatError
from .issue import Issue
from .location import Location
from .report import BrokenRung, Dimension, Report, RungName, Stats
from .severity import Severity
from .torch_view import FailureReport, FailureType
from .verification import Counterexample, Outcome, Trial, Verification

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
