"""What the methods of `Report` call that make pages and logs."""

from __future__ import annotations

from pathlib import Path

from torchdraft.model import Report


class Pages:
    """A `PagePresenter`. Each method imports what it needs: jinja2 takes long to import."""

    def to_html(self, report: Report) -> str:
        from .page import render_page

        return render_page(report)

    def notebook(self, report: Report) -> str:
        from .page import render_frame

        return render_frame(report)

    def to_tlparse(self, report: Report, path: Path) -> Path:
        from .trace_log import write_trace_log

        return write_trace_log(report, path)


PAGES = Pages()
