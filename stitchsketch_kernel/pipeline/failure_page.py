"""``report.html`` of a run that failed before its report: why, how far it came, what is there."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.pipeline.record import RunRecord
from stitchsketch_kernel.pipeline.stage import Stage

REPORT = "report.html"


def write_failure_page(record: RunRecord, stages: Sequence[Stage]) -> None:
    """Write the page, where these stages would have published a report and did not."""
    path = record.folder / REPORT
    if path.exists() or not any(REPORT in stage.publishes.values() for stage in stages):
        return
    rows = "".join(
        f"<tr><td>{_notebook(record, one.notebook, one.name)}</td><td>{one.status.value}</td>"
        f"<td>{one.seconds:.0f} s</td></tr>"
        for one in record.stages
    )
    text = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(record.name)}</title>'
        "<style>body{font:16px sans-serif;margin:2em;max-width:50em}"
        "td{padding:.2em 1em .2em 0}</style>"
        f"<h1>{escape(record.name)}: not finished</h1>"
        f"<p><strong>{escape(record.error)}</strong></p>"
        "<p>There is nothing to cut from. The same command goes on from there.</p>"
        f"<table>{rows}</table></html>\n"
    )
    write_bytes(path, text.encode())


def _notebook(record: RunRecord, notebook: str, name: str) -> str:
    if not (record.folder / notebook).exists():
        return escape(name)
    return f'<a href="{escape(notebook)}">{escape(name)}</a>'
