"""Exceptions of reading stored reports."""


class ReportFormatError(ValueError):
    """The text is not a report, or is a report that this version cannot read."""
