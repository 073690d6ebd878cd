"""Model: the frozen, plain data that a draft reports.

The draft puts events and issues in; users read a `Report` or a `Verification`. Imports nothing of torchdraft and no
torch, so a report can be read where torch is not installed. Renderers are reached through `presenters.py`.
"""

from .errors import ReportFormatError
from .issue import Issue
from .location import Location
from .report import Branch, BrokenRung, Dimension, Report, RungName, Stats
from .severity import Severity
from .torch_view import FailureReport, FailureType
from .verification import Counterexample, Outcome, Trial, Verification

__all__ = [
    "Branch",
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
