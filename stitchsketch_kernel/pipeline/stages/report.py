"""All that came out, on one page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext
    from stitchsketch_kernel.visualization.report_data import CutFile, ReportData, ReportPictures

NAME, NUMBER, VERSION = "report", 9, 5
INPUTS = ("ingest", "align", "scale", "densify", "mesh", "panels", "flatten", "nest")
SETTINGS = {"job": "stitchsketch_kernel.pipeline.settings:JobSettings"}
PUBLISHES = {"report.html": "report.html"}
WEIGHT = 8

#: What each cut file is; a file without a line here isn't in the report's list.
_LABELS = {
    "marker.pdf": "PDF, the marker at full scale",
    "pattern-A4.pdf": "PDF on A4 sheets",
    "pattern-Letter.pdf": "PDF on Letter sheets",
    "pattern.dxf": "DXF",
    "pattern-AAMA.dxf": "DXF, AAMA layers",
    "cut-list.csv": "Cut list",
    "quote.pdf": "PDF, the quote",
    "marker.plt": "HPGL for a plotter",
    "marker.svg": "SVG, the marker",
    "pattern.svg": "SVG, the pieces",
    "pattern.json": "Pattern, lossless",
}


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``report.html``."""
    from stitchsketch_kernel.visualization.report import write_report
    from stitchsketch_kernel.visualization.verdict import judge

    context.progress(0.1, "writing the report")
    data = _data(context)
    write_report(context.folder / "report.html", data)
    size = (context.folder / "report.html").stat().st_size
    verdict = judge(data)
    return {
        "bytes": size,
        "cut_files": len(data.files),
        "problems": list(data.problems),
        "verdict": verdict.words,
        "reasons": list(verdict.reasons),
    }


def _data(context: StageContext) -> ReportData:
    import stitchsketch_kernel
    from stitchsketch_kernel.domain.marker import Marker
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.domain.piece import Pattern
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.stages.reading import scale_of
    from stitchsketch_kernel.upholstery.pieces.gate import check_sewing
    from stitchsketch_kernel.visualization.report_data import ReportData

    taken, model = (
        context.read("ingest", "photos", PhotoSet), context.read("scale", "model", SparseModel)
    )  # fmt: skip
    scale, nested = scale_of(context), context.figures("nest")
    refused = "refused_as" in nested
    pattern = context.read("flatten" if refused else "nest", "pattern", Pattern)
    size_m = context.figures("mesh")["size_m"]
    return ReportData(
        title=context.settings("job").name,
        made_at=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        photos=taken.photos,
        notes=taken.notes,
        left_out=model.left_out,
        reprojection_px=model.reprojection_px,
        scale=scale,
        size_mm=tuple(1000 * side for side in size_m) if scale.is_metric else None,
        pattern=pattern,
        sew_faults=check_sewing(pattern).faults,
        marker=None if refused else context.read("nest", "marker", Marker),
        pictures=_pictures(context),
        files=() if refused else _cut_files(nested["files"]),
        more_files=_more_files(scale.is_metric),
        stages=tuple((name, context.seconds(name)) for name in INPUTS),
        problems=(nested["refused"],) if refused else (),
        version=stitchsketch_kernel.__version__,
        doubts=_doubts(context),
    )


def _doubts(context: StageContext) -> tuple[str, ...]:
    """What each stage says that a person must read before cutting, in the stages' order."""
    figures = {name: context.figures(name) for name in INPUTS}
    told = {name: of.get("doubts", ()) for name, of in figures.items()}
    told["flatten"] = context.read("flatten", "doubts", tuple)
    told["nest"] = figures["nest"].get("notes", ())
    return tuple(doubt for of in told.values() for doubt in of)


def _pictures(context: StageContext) -> ReportPictures:
    """Those that the notebooks have drawn."""
    from PIL import Image

    from stitchsketch_kernel.pipeline.context import PICTURES
    from stitchsketch_kernel.visualization.report_data import ReportPictures

    found = {}
    for stage in INPUTS:
        for path in sorted((context.earlier(stage) / PICTURES).glob("*.png")):
            if path.stem in ReportPictures.__dataclass_fields__:
                with Image.open(path) as image:
                    found[path.stem] = image.copy()
    return ReportPictures(**found)


def _cut_files(names: list[str]) -> tuple[CutFile, ...]:
    from stitchsketch_kernel.visualization.report_data import CutFile

    return tuple(
        CutFile(label, f"patterns/{name}") for name, label in _LABELS.items() if name in names
    )


def _more_files(is_metric: bool) -> tuple[CutFile, ...]:
    from stitchsketch_kernel.pipeline.stages import mesh, panels, scale
    from stitchsketch_kernel.visualization.report_data import CutFile

    unit = "" if is_metric else "_unscaled"
    return (
        CutFile("Mesh", mesh.PUBLISHES[f"mesh{unit}.ply"]),
        CutFile("Cameras and points (COLMAP)", scale.PUBLISHES[f"sparse{unit}"]),
        CutFile("Panels, to be edited", panels.PUBLISHES["panels.txt"]),
        CutFile("Notebooks", "notebooks"),
        CutFile("All figures", "run.json"),
    )
