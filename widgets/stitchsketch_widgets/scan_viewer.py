"""The scan viewer: the piece as it was scanned, turned, measured, cropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import traitlets

from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.pipeline.looking import SeenScan
from stitchsketch_kernel.upholstery.geometry.ruler import Place, SurfaceRuler
from stitchsketch_kernel.upholstery.sure.ruled import RulerSureness
from stitchsketch_kernel.visualization.front import front_of
from stitchsketch_kernel.visualization.levels import open_rim, require_sound
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.scan_state import (
    Dressing,
    ShownMesh,
    cameras_shown,
    cloud_shown,
    lines_shown,
    unseen_share,
)
from stitchsketch_widgets.screen import Screen
from stitchsketch_widgets.texts import text, texts

#: Keeps a box for the next run, or drops what was kept (None); says in words what will come of it.
KeepBox = Callable[[Region | None], str]


class ScanViewer(Screen):
    """A scan on the screen: mesh, points, cameras, seams; a ruler; a box to crop by.

    The mesh goes to the page in levels of detail, one message each, as the page asks for them
    (``{"do": "level", "at": 0}``); it shows the one that its browser can turn fluently, and full
    detail when it stands still. Lengths are measured here, on the whole mesh.

    Parameters
    ----------
    scan : SeenScan
    units : {"mm", "inch"}
        Lengths are shown in both, these first.
    keep_box : callable, optional
        Called when the person saves a box.
    box : Region, optional
        The one that was kept before.
    dressings : sequence of Dressing
        What else the piece can be shown in.

    Raises
    ------
    MeshError
        The mesh can't be shown, and why.
    """

    _esm = built("scan_viewer.js")
    _css = built("scan_viewer.css")

    metric = traitlets.Bool(True, help="whether lengths can be told at all").tag(sync=True)
    sizes: traitlets.List[Any] = traitlets.List(help="faces of each level").tag(sync=True)
    faces = traitlets.Int(help="of the whole mesh").tag(sync=True)
    low: traitlets.List[Any] = traitlets.List(help="corner of the piece, metres").tag(sync=True)
    high: traitlets.List[Any] = traitlets.List(help="the other corner").tag(sync=True)
    front: traitlets.List[Any] = traitlets.List(help="where it faces; empty: not known").tag(
        sync=True
    )
    unseen = traitlets.Float(help="share of the surface that no photo saw").tag(sync=True)
    cameras = traitlets.Bytes(help="float32, centre and four corners each").tag(sync=True)
    cloud = traitlets.Bytes(help="float32, metres, x y z").tag(sync=True)
    cloud_colors = traitlets.Bytes(help="uint8, r g b").tag(sync=True)
    rim = traitlets.Bytes(help="float32, pairs of points where the surface ends").tag(sync=True)
    seams: traitlets.List[Any] = traitlets.List(help="lines, metres").tag(sync=True)
    has_panels = traitlets.Bool(False).tag(sync=True)
    dressings: traitlets.List[Any] = traitlets.List(help="names").tag(sync=True)
    notes: traitlets.List[Any] = traitlets.List(help="what is not shown as it is").tag(sync=True)
    found_box: traitlets.List[Any] = traitlets.List(help="low and high, metres").tag(sync=True)
    box: traitlets.List[Any] = traitlets.List(help="as it is set now").tag(sync=True)
    can_save = traitlets.Bool(False).tag(sync=True)
    points: traitlets.List[Any] = traitlets.List(help="the ruler's ends, metres").tag(sync=True)
    path: traitlets.List[Any] = traitlets.List(help="its way along the surface").tag(sync=True)
    measured = traitlets.Dict(help="straight_mm, along_mm, their ±, seen").tag(sync=True)

    def __init__(
        self,
        scan: SeenScan,
        units: str = "mm",
        keep_box: KeepBox | None = None,
        box: Region | None = None,
        dressings: Sequence[Dressing] = (),
        **traits: Any,
    ) -> None:
        mesh = scan.mesh
        require_sound(mesh)
        self._mesh, self._keep_box, self._dressings = ShownMesh(scan), keep_box, tuple(dressings)
        self._ruler: tuple[SurfaceRuler, RulerSureness] | None = None
        self._scan, self._places = scan, list[Place]()
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        points, colors, notes = cloud_shown(scan.model)
        cameras = (
            ()
            if scan.model is None
            else cameras_shown(scan.model, float(np.linalg.norm(high - low)))
        )
        if self._mesh.sizes[-1] < len(mesh.faces):
            notes.append(text("scan.mesh_thinned", count=self._mesh.sizes[-1], all=len(mesh.faces)))
        front = None if scan.panels is None else front_of(scan.panels)
        found = scan.region or Region(low - 0.02, high + 0.02)
        super().__init__(
            texts=texts("scan"),
            units=units,
            metric=scan.scale.is_metric,
            sizes=self._mesh.sizes,
            faces=len(mesh.faces),
            low=low.tolist(),
            high=high.tolist(),
            front=[] if front is None else front.tolist(),
            unseen=unseen_share(mesh),
            cameras=np.asarray(cameras, dtype="<f4").tobytes(),
            cloud=points.tobytes(),
            cloud_colors=colors.tobytes(),
            rim=open_rim(mesh).astype("<f4").tobytes(),
            seams=lines_shown(scan.panels),
            has_panels=scan.panels is not None,
            dressings=[one.name for one in self._dressings],
            notes=notes,
            found_box=_corners(found),
            box=_corners(box or found),
            can_save=keep_box is not None,
            **traits,
        )

    def _do(self, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "level":
                at = range(len(self.sizes))[int(asked["at"])]
                self.send({"level": at}, self._mesh.buffers(at))
            case "dressing":
                at = range(len(self._dressings))[int(asked["at"])]
                parts = [part.told() for part in self._dressings[at].parts]
                buffers = [one for part, _ in parts for one in part]
                self.send({"dressing": at, "parts": len(parts)}, buffers)
            case "point":
                self._point(_three(asked["origin"]), _three(asked["direction"]))
            case "clear":
                self._places.clear()
                self._show_ruler()
            case "save_box":
                self._save(Region(_three(asked["low"]), _three(asked["high"])))
            case "drop_box":
                self._save(None)
            case other:
                raise ValueError(other)

    def _measuring(self) -> tuple[SurfaceRuler, RulerSureness]:
        """Built at the first click: a page that is only looked at needs none."""
        if self._ruler is None:
            mesh = self._scan.mesh
            self._ruler = SurfaceRuler(mesh), RulerSureness(mesh, self._scan.errors)
        return self._ruler

    def _point(self, origin: Any, direction: Any) -> None:
        place = self._measuring()[0].hit(origin, direction)
        if place is None:
            self.message = {"kind": "note", "text": text("scan.missed")}
            return
        if len(self._places) > 1:
            self._places.clear()
        self._places.append(place)
        self._show_ruler()

    def _show_ruler(self) -> None:
        with self.hold_sync():
            self.points = [place.point_m.tolist() for place in self._places]
            self.path, self.measured, self.message = [], {}, {}
            if len(self._places) == 2:
                self._measure(*self._places)

    def _measure(self, a: Place, b: Place) -> None:
        ruler, sureness = self._measuring()
        found = ruler.between(a, b)
        sure = sureness.of(a, b, found)
        self.path = np.round(found.path_m, 5).tolist()
        self.measured = {
            "straight_mm": found.straight_mm,
            "along_mm": found.along_mm,
            "straight_sure_mm": sure.straight_mm,
            "along_sure_mm": sure.along_mm,
            "seen": sure.seen,
        }

    def _save(self, region: Region | None) -> None:
        if self._keep_box is None:
            raise ValueError("nowhere to keep it")
        said = self._keep_box(region)
        self.box = self.found_box if region is None else _corners(region)
        self.message = {"kind": "good", "text": said}


def _corners(region: Region) -> list[float]:
    return [*np.asarray(region.low_m).tolist(), *np.asarray(region.high_m).tolist()]


def _three(given: Any) -> Any:
    place = np.array([float(value) for value in given])
    if place.shape != (3,):
        raise ValueError(given)
    return place
