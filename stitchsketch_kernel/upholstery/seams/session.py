"""Panels corrected click by click: what doesn't change between clicks is computed once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray, frozen
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.tape import TapeLine
from stitchsketch_kernel.upholstery.seams.correct import Corrected, idle_seam
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits, is_name
from stitchsketch_kernel.upholstery.seams.prepare import PanelSettings, prepared
from stitchsketch_kernel.upholstery.seams.propose import panels_of

#: Clicks are kept to this many decimals of a metre: what is shown is what the file says.
_DECIMALS = 5


class EditSession:
    """The panels of a mesh under a person's clicks.

    Each edit solves anew only the panels that it touches, and either takes effect whole or raises
    a `PanelError` and changes nothing. `edits` can be written to a file (`edits_as_text`) and makes
    the same panels there (`panels_from_edits`).

    Parameters
    ----------
    mesh : Mesh
        The scan, metres. It is mended first: `labels` are of the faces of `EditSession.mesh`.
    settings : PanelSettings, optional
        Of the proposal.
    edits : PanelEdits, optional
        What the session begins from. Their `keeps` says whether the proposal is corrected (as
        without `edits`), or the panels are those of the seeds alone.
    progress : Progress, optional
    tape : tuple of TapeLine, optional
        Lines of tape that were found on the piece.
    """

    def __init__(
        self,
        mesh: Mesh,
        settings: PanelSettings | None = None,
        edits: PanelEdits | None = None,
        progress: Progress = silent,
        tape: tuple[TapeLine, ...] = (),
    ) -> None:
        edits = PanelEdits(keeps=True) if edits is None else edits
        self._prepared = prepared(mesh, settings, edits.keeps, progress, tape)
        self._prepared.ground.get_ready()
        self._steps = [(edits, self._prepared.ground.corrected(edits))]

    @property
    def mesh(self) -> Mesh:
        """The mended scan."""
        return self._prepared.ground.mesh

    @property
    def edits(self) -> PanelEdits:
        """All that was asked so far."""
        return self._steps[-1][0]

    @property
    def labels(self) -> IntArray:
        """For each face of `mesh` the index of its panel in `names`, or -1, shape (m,)."""
        return frozen(self._found.label)

    @property
    def names(self) -> tuple[str, ...]:
        """The panels' names."""
        return self._found.names

    @property
    def drawn_m(self) -> tuple[FloatArray, ...]:
        """The seams that were drawn, as they run on the mesh, each shape (k, 3)."""
        return self._found.drawn_m

    @property
    def _found(self) -> Corrected:
        return self._steps[-1][1]

    def add_seed(self, name: str, place_m: AnyArray) -> None:
        """Say which panel a place belongs to: a new one, or one that is there."""
        if not is_name(name):
            raise PanelError(
                f"A panel can't be called {name!r}.",
                "Take up to 32 letters and digits; _, + and - within.",
            )
        self._take(replace(self.edits, seeds=(*self.edits.seeds, (name, _click(place_m)))))

    def add_ignored(self, place_m: AnyArray) -> None:
        """Say that a place is no cloth."""
        self._take(replace(self.edits, ignored=(*self.edits.ignored, _click(place_m))))

    def add_seam_points(self, points_m: AnyArray) -> FloatArray:
        """Draw a seam through points, shape (k, 3), at least two; returns it as it runs.

        With a proposal a seam must divide a panel, or lead across it from seam to seam. Among
        seeds alone it is a wall between them, and may be drawn before they are there.
        """
        points = _seam(points_m)
        edits = replace(self.edits, cuts=(*self.edits.cuts, points))
        found = self._prepared.ground.corrected(edits)
        if edits.keeps and len(self.edits.cuts) in set(found.idle) - set(found.waiting):
            raise idle_seam(points)
        self._steps.append((edits, found))
        return found.drawn_m[-1]

    def preview_seam(self, points_m: AnyArray) -> FloatArray:
        """How a seam through these points would run; nothing changes."""
        return self._prepared.ground.seam(_seam(points_m), self.edits.cuts)

    def rename(self, old: str, new: str) -> None:
        """Call the panel `old` something else."""
        if old not in self.names:
            raise PanelError(
                f"There is no panel {old} to rename.", f"There are: {', '.join(self.names)}."
            )
        if not is_name(new):
            raise PanelError(f"A panel can't be called {new!r}.", "Take letters and digits.")
        seeds = tuple((new if name == old else name, place) for name, place in self.edits.seeds)
        names = tuple((one, new if two == old else two) for one, two in self.edits.names)
        if seeds == self.edits.seeds and names == self.edits.names:
            names = (*names, (old, new))
        self._take(replace(self.edits, seeds=seeds, names=names))

    def set_kind(self, seam: str, kind: EdgeKind) -> None:
        """Say how a seam of the panel map (`Seam.id`) is made."""
        kinds = (*(one for one in self.edits.kinds if one[0] != seam), (seam, kind))
        self._steps.append((replace(self.edits, kinds=kinds), self._found))

    def set_grain(self, panel: str, direction: AnyArray) -> None:
        """Turn the warp of a panel."""
        along = _click(direction)
        if panel not in self.names or not np.linalg.norm(along) > 0:
            raise PanelError(
                f"The warp of {panel} can't run along {np.asarray(direction).tolist()}.",
                f"Give a direction of some length and one of {', '.join(self.names)}.",
            )
        grains = (*(one for one in self.edits.grains if one[0] != panel), (panel, along))
        self._steps.append((replace(self.edits, grains=grains), self._found))

    def undo(self) -> bool:
        """Take the last edit back; False where there is none."""
        if len(self._steps) == 1:
            return False
        self._steps.pop()
        return True

    def panel_map(self, progress: Progress = silent) -> PanelMap:
        """The panels with their seams placed: seconds, not for every click.

        Raises
        ------
        PanelError
            A seam divides nothing, a panel lies in two places, or can't be closed along its seams.
        """
        return panels_of(self._prepared, self.edits, progress)

    def _take(self, edits: PanelEdits) -> None:
        self._steps.append((edits, self._prepared.ground.corrected(edits)))


def _click(place_m: AnyArray) -> FloatArray:
    place = np.asarray(place_m, dtype=np.float64)
    if place.shape != (3,) or not np.isfinite(place).all():
        raise PanelError(f"{place.tolist()} is no place on a mesh.", "Give x, y and z in metres.")
    return np.round(place, _DECIMALS)


def _seam(points_m: AnyArray) -> FloatArray:
    points = np.asarray(points_m, dtype=np.float64)
    if points.ndim != 2 or len(points) < 2:
        raise PanelError("A seam needs two points at least.", "Click along it.")
    return np.array([_click(point) for point in points])
