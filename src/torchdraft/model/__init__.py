"""What a draft reports: frozen, plain data. Nothing here imports torch, so a report can be read anywhere."""

from torchdraft.model.document import ReportFormatError
from torchdraft.model.issue import Issue
from torchdraft.model.location import Location
from torchdraft.model.report import BrokenRung, Dimension, Report, RungName, Stats
from torchdraft.model.severity import Severity
from torchdraft.model.torch_view import FailureReport, FailureType

__all__ = [
    "BrokenRung",
    "Dimension",
    "FailureReport",
    "FailureType",
    "Issue",
    "Location",
    "Report",
    "ReportFormatError",
    "RungName",
    "Severity",
    "Stats",
]
