"""Writes the reports of a run into their folder."""

from __future__ import annotations

from pathlib import Path

from bricklane.testing.reports import files, markdown
from bricklane.testing.reports.model import Report

MARKDOWN = "report.md"
HTML = "report.html"


def write(folder: Path, report: Report) -> None:
    """Write ``report.json``, ``report.md`` and ``report.html``."""
    from bricklane.testing.reports import html

    files.write_whole(folder, report)
    (folder / MARKDOWN).write_text(markdown.page(report), "utf-8")
    (folder / HTML).write_text(html.page(report), "utf-8")
