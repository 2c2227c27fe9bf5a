"""``report.html``: one page that holds everything and asks no host for anything."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from PIL import Image

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.photo import PhotoNote
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.units import inch_fraction
from stitchsketch_kernel.visualization.cameras import METHODS
from stitchsketch_kernel.visualization.report_data import (
    CutFile,
    ReportData,
    ReportPictures,
)
from stitchsketch_kernel.visualization.svg import marker_svg, piece_svg
from stitchsketch_kernel.visualization.templating import asset, template
from stitchsketch_kernel.visualization.verdict import (
    Level,
    judge,
    seam_is_off,
    strain_is_high,
)

__all__ = ["CutFile", "ReportData", "ReportPictures", "render_report", "write_report"]

#: Ten pictures of this size, written as text, keep the page under 6 MB.
_PICTURE_BYTES = 420_000
_PICTURE_WIDTH_PX = 1400

#: What each picture shows: for those who can't see it, and as its caption.
_CAPTIONS = {
    "photos": "The photos that were used, and what was wrong with each",
    "matches": "How many points the photos share, pair by pair",
    "cameras": "Where the camera stood, and the points found, from above and from the side",
    "scale": "How far each known distance is from where the scale puts it",
    "depths": "How far away each pixel lies",
    "mesh": "The measured surface from three sides and above",
    "confidence": "How surely each place was seen; dark places are guesses",
    "tape": "Lines of tape that were found on the piece",
    "panels": "Panels in colours with their names; seams as dark lines",
    "pieces": "Flat pieces; the colour tells how much the cloth must give",
    "marker": "The pieces on the roll",
}


def write_report(path: Path, data: ReportData) -> None:
    """Write the page; a page that was there before is replaced only by a whole one.

    Raises
    ------
    StorageError
        If it can't be kept (a full disk).
    """
    page = render_report(data)
    with written_aside(path) as aside:
        # names of files may hold half a character
        aside.write_bytes(page.encode("utf-8", "replace"))


def render_report(data: ReportData) -> str:
    """The page as text; every name in it is escaped."""
    data = _without_lengths(data)
    pictures = {
        name: {"uri": data_uri(image), "width": image.width, "height": image.height}
        for name, image in data.pictures.named().items()
    }
    verdict = judge(data)
    page = template("report.html").render(
        data=data,
        verdict=verdict,
        css=Markup(asset("report.css")),
        pictures=pictures,
        captions=_CAPTIONS,
        facts=list(_facts(data)),
        files=() if verdict.level is Level.STOP else data.files,
        photo_rows=_photo_rows(data),
        general_notes=[note for note in data.notes if not note.photo],
        piece_rows=_piece_rows(data),
        seam_rows=_seam_rows(data),
        marker_drawing=_marker_drawing(data),
        cost_rows=_cost_rows(data.marker, data.costs),
        seconds=sum(seconds for _, seconds in data.stages),
    )
    return page.strip() + "\n"


def _without_lengths(data: ReportData) -> ReportData:
    # without scale no length may stand on the page, not even in a picture: it would look right
    if _is_metric(data):
        return data
    pictures = replace(data.pictures, pieces=None, marker=None)
    return replace(data, size_mm=None, marker=None, costs=(), pictures=pictures)


def _is_metric(data: ReportData) -> bool:
    return data.scale is not None and data.scale.is_metric


def data_uri(image: Image.Image) -> str:
    """The picture as part of the page: PNG where that is small, else JPEG, at most 420 kB."""
    image = image.convert("RGB")
    if image.width > _PICTURE_WIDTH_PX:
        height = max(1, round(image.height * _PICTURE_WIDTH_PX / image.width))
        image = image.resize((_PICTURE_WIDTH_PX, height), Image.Resampling.LANCZOS)
    png = _encoded(image, "PNG", optimize=True)
    if len(png) <= _PICTURE_BYTES / 2:
        return _uri("png", png)
    for quality in (88, 80, 70):
        jpeg = _encoded(image, "JPEG", quality=quality, subsampling=0, optimize=True)
        if len(jpeg) <= _PICTURE_BYTES:
            return _uri("jpeg", jpeg)
    share = float(np.sqrt(_PICTURE_BYTES / len(jpeg))) * 0.95
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return data_uri(image.resize(size, Image.Resampling.LANCZOS))


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _facts(data: ReportData) -> Iterator[tuple[str, str]]:
    # the few lines under the verdict: how sure, how big, how much cloth
    scale = data.scale
    if scale is not None and scale.is_metric:
        yield "Scale from", f"{METHODS[scale.method]} ({scale.references} references)"
        if isfinite(scale.uncertainty_percent):
            off = scale.uncertainty_percent * 10
            yield "How sure", f"± {scale.uncertainty_percent:.2f} %: ± {off:.1f} mm on 1 m"
        if isfinite(scale.residual_mm):
            yield "Residual", f"{scale.residual_mm:.2f} mm"
        if data.size_mm is not None:
            yield "Size", " × ".join(f"{side:.0f}" for side in data.size_mm) + " mm"
    else:
        yield "Scale", "none: no length on this page is known"
    if data.photos:
        placed = len({photo.name for photo in data.photos} - set(data.left_out))
        yield "Photos", f"{placed} of {len(data.photos)} placed"
    if data.pattern is not None:
        cut = sum(piece.quantity for piece in data.pattern.pieces)
        yield "Pieces", f"{len(data.pattern.pieces)} shapes, {cut} to cut"
    if data.marker is not None:
        yield "Cloth", f"{data.marker.used_length_mm / 1000:.2f} m ({data.marker.yardage:.2f} yd)"


def _photo_rows(data: ReportData) -> list[dict[str, str]]:
    # only photos with something to say
    said: dict[str, list[PhotoNote]] = {}
    for note in data.notes:
        if note.photo:
            said.setdefault(note.photo, []).append(note)
    for name in data.left_out:
        said.setdefault(name, [])
    rows = []
    for name, notes in said.items():
        texts = [note.text for note in notes]
        state = "refused" if any(n.severity == "refuse" for n in notes) else "used"
        if name in data.left_out:
            state = "not placed"
            texts.append("It shares too little with the other photos to be placed.")
        rows.append({"name": name, "state": state, "text": " ".join(texts)})
    return rows


def _piece_rows(data: ReportData) -> list[dict[str, Any]]:
    if data.pattern is None:
        return []
    metric = _is_metric(data)
    pattern = data.pattern
    return [_piece_row(one, i, metric, pattern) for i, one in enumerate(pattern.pieces)]


def _piece_row(piece: Piece, index: int, metric: bool, pattern: Pattern) -> dict[str, Any]:
    wide, tall = (float(side) for side in np.ptp(piece.cut_line_mm, axis=0))
    sizes = [
        f"{side:.0f}{_within(off)}"
        for side, off in zip((wide, tall), piece.size_uncertainty_mm, strict=True)
    ]
    return {
        "name": piece.name,
        "drawing": Markup(piece_svg(piece, index)),
        "quantity": piece.quantity,
        "mirrored": "half face down" if piece.mirrored else "no",
        "size_mm": " × ".join(sizes) if metric else "not known",
        "size_in": f"{inch_fraction(wide)} × {inch_fraction(tall)}" if metric else "not known",
        "sure": (_within(piece.uncertainty_mm).strip() if metric else "") or "not known",
        "unsure": piece.within_mm > pattern.check_mm,
        "strain": " / ".join(_percent(value) for value in piece.strain_percent),
        "strained": strain_is_high(piece, pattern.cloth),
        "notes": " ".join(piece.notes),
    }


def _within(off_mm: float) -> str:
    """`` ± 0.8``; nothing where that is not known."""
    return f" ± {off_mm:.1f}" if isfinite(off_mm) else ""


def _percent(value: float) -> str:
    return f"{value:.1f} %" if isfinite(value) else "not known"


def _seam_rows(data: ReportData) -> list[dict[str, Any]]:
    if data.pattern is None or not _is_metric(data):
        return []
    rows = []
    for seam in data.pattern.seams:
        two = seam.length_b_mm is not None
        rows.append(
            {
                "seam": seam.seam,
                "kind": seam.edge_kind.value.replace("_", " "),
                "a": seam.piece_a,
                "b": seam.piece_b or "ends here",
                "length_a": f"{seam.length_a_mm:.1f}{_within(seam.length_uncertainty_mm)}",
                "length_b": f"{seam.length_b_mm:.1f}" if two else "",
                "place": _within(seam.place_uncertainty_mm).strip() or "not known",
                "difference": f"{seam.difference_mm:+.1f}" if two else "",
                "off": seam_is_off(seam),
            }
        )
    return rows


def _marker_drawing(data: ReportData) -> Markup | None:
    if data.marker is None or data.pattern is None:
        return None
    return Markup(marker_svg(data.marker, data.pattern))


def _cost_rows(marker: Marker | None, costs: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    rows = []
    if marker is not None and marker.fabric.price_per_metre > 0:
        fabric = marker.fabric
        label = (
            f"{fabric.name}: {marker.used_length_mm / 1000:.2f} m at "
            f"{fabric.price_per_metre:.2f} {fabric.currency}/m"
        )
        rows.append((label, f"{marker.cost:.2f} {fabric.currency}"))
    return [*rows, *costs]
