"""Exceptions that users catch, and that must be importable without torch."""


class ReportFormatError(ValueError):
    """The text is not a report, or is a report that this version cannot read."""


class UnsupportedTorch(ImportError):
    """The installed torch is outside the supported range, or lacks an internal that torchdraft uses."""
