"""Panels corrected click by click: what doesn't change between clicks is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray, frozen
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.tape import TapeLine
from stitchsketch_kernel.upholstery.seams.by_place import KindAt, kinds_by_seam
from stitchsketch_kernel.upholstery.seams.clicks import click, clicks
from stitchsketch_kernel.upholstery.seams.correct import Corrected, idle_seam
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits, apply_kinds, is_name
from stitchsketch_kernel.upholstery.seams.naming import usual_grain
from stitchsketch_kernel.upholstery.seams.prepare import PanelSettings, panel_shape, prepared
from stitchsketch_kernel.upholstery.seams.propose import panels_of
from stitchsketch_kernel.upholstery.seams.remembered import Remembered


@dataclass(frozen=True)
class _Step:
    """All that was asked up to an edit, and what came of it; `kinds` of seams, by place."""

    edits: PanelEdits
    found: Corrected
    kinds: tuple[KindAt, ...] = ()


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
        self._steps = [_Step(edits, self._prepared.ground.corrected(edits))]
        self._undone: list[_Step] = []
        self._remembered = Remembered()
        self._mapped: tuple[Corrected, PanelMap] | None = None

    @property
    def mesh(self) -> Mesh:
        """The mended scan."""
        return self._prepared.ground.mesh

    @property
    def edits(self) -> PanelEdits:
        """All that was asked so far."""
        return self._steps[-1].edits

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
        return self._steps[-1].found

    def add_seed(self, name: str, place_m: AnyArray) -> None:
        """Say which panel a place belongs to: a new one, or one that is there."""
        if not is_name(name):
            raise PanelError(
                f"A panel can't be called {name!r}.",
                "Take up to 32 letters and digits; _, + and - within.",
            )
        self._take(replace(self.edits, seeds=(*self.edits.seeds, (name, click(place_m)))))

    def add_ignored(self, place_m: AnyArray) -> None:
        """Say that a place is no cloth."""
        self._take(replace(self.edits, ignored=(*self.edits.ignored, click(place_m))))

    def add_seam_points(self, points_m: AnyArray) -> FloatArray:
        """Draw a seam through points, shape (k, 3), at least two; returns it as it runs.

        With a proposal a seam must divide a panel, or lead across it from seam to seam. Among
        seeds alone it is a wall between them, and may be drawn before they are there.
        """
        points = clicks(points_m)
        edits = replace(self.edits, cuts=(*self.edits.cuts, points))
        found = self._prepared.ground.corrected(edits)
        if edits.keeps and len(self.edits.cuts) in set(found.idle) - set(found.waiting):
            raise idle_seam(points)
        self._push(edits, found)
        return found.drawn_m[-1]

    def move_seam_point(self, seam: int, point: int, place_m: AnyArray) -> FloatArray:
        """Put a point of the drawn seam number `seam` elsewhere; returns the seam as it runs."""
        points = self._drawn(seam).copy()
        if not 0 <= point < len(points):
            raise PanelError(f"The seam has no point {point + 1}.", "Take one that is there.")
        # a closed seam ends where it begins
        closed = point in {0, len(points) - 1} and np.array_equal(points[0], points[-1])
        points[[0, -1] if closed else point] = click(place_m)
        return self._with_cut(seam, points)

    def remove_seam(self, seam: int) -> None:
        """Take the drawn seam number `seam` away."""
        self._drawn(seam)
        cuts = self.edits.cuts
        self._take(replace(self.edits, cuts=(*cuts[:seam], *cuts[seam + 1 :])))

    def join(self, panel: str, into: str) -> None:
        """Make one panel of two; drawn seams that divide nothing any more go."""
        for name in (panel, into):
            if name not in self.names:
                raise PanelError(
                    f"There is no panel {name} to join.", f"There are: {', '.join(self.names)}."
                )
        if panel == into:
            raise PanelError(f"Panel {panel} is one already.", "Choose two panels.")
        own = tuple((into if name == panel else name, place) for name, place in self.edits.seeds)
        seeded = {name for name, _ in self.edits.seeds}
        new = tuple((into, self._middle_m(name)) for name in (into, panel) if name not in seeded)
        names = tuple((old, now) for old, now in self.edits.names if now not in {panel, into})
        edits = replace(self.edits, seeds=(*own, *new), names=names)
        found = self._prepared.ground.corrected(edits)
        if lost := set(found.idle) - set(self._found.idle):
            cuts = tuple(cut for k, cut in enumerate(edits.cuts) if k not in lost)
            edits = replace(edits, cuts=cuts)
            found = self._prepared.ground.corrected(edits)
        self._push(edits, found)

    def preview_seam(self, points_m: AnyArray) -> FloatArray:
        """How a seam through these points would run; nothing changes."""
        return self._prepared.ground.seam(clicks(points_m), self.edits.cuts)

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
        grains = tuple((new if name == old else name, way) for name, way in self.edits.grains)
        self._take(replace(self.edits, seeds=seeds, names=names, grains=grains))

    def set_kind(self, seam: str, kind: EdgeKind) -> None:
        """Say how a seam of the panel map (`Seam.id`) is made."""
        kinds = (*(one for one in self.edits.kinds if one[0] != seam), (seam, kind))
        self._push(replace(self.edits, kinds=kinds), self._found)

    def set_kind_at(self, place_m: AnyArray, kind: EdgeKind) -> None:
        """Say how the seam at a place is made.

        Later edits number the seams anew: the place still finds it.
        """
        asked = (*self._steps[-1].kinds, (click(place_m), kind))
        self._push(self.edits, self._found, asked)

    def begin_with_kinds(self, kinds: Sequence[KindAt]) -> None:
        """How seams are made from the beginning, by a place on each; it is no edit."""
        self._steps = [replace(step, kinds=(*kinds, *step.kinds)) for step in self._steps]

    def begin_with_grains(self, grains: Mapping[str, AnyArray]) -> None:
        """How warps run from the beginning, by panel; it is no edit, and undoing keeps it.

        Raises
        ------
        PanelError
            One of them is no panel.
        """
        own = tuple((name, self._along(name, way)) for name, way in grains.items())
        for steps in (self._steps, self._undone):
            for at, step in enumerate(steps):
                kept = tuple(one for one in step.edits.grains if one[0] not in grains)
                there = tuple(one for one in own if one[0] in step.found.names)
                steps[at] = replace(step, edits=replace(step.edits, grains=(*kept, *there)))

    def set_grain(self, panel: str, direction: AnyArray) -> None:
        """Turn the warp of a panel."""
        along = self._along(panel, direction)
        grains = (*(one for one in self.edits.grains if one[0] != panel), (panel, along))
        self._push(replace(self.edits, grains=grains), self._found)

    def _along(self, panel: str, direction: AnyArray) -> FloatArray:
        along = click(direction)
        if panel not in self.names or not np.linalg.norm(along) > 0:
            raise PanelError(
                f"The warp of {panel} can't run along {np.asarray(direction).tolist()}.",
                f"Give a direction of some length and one of {', '.join(self.names)}.",
            )
        return along

    def grain_m(self, panel: str) -> FloatArray:
        """The direction of a panel's warp: as it was set, else the usual one."""
        if panel in (set_ := dict(self.edits.grains)):
            return set_[panel]
        ground = self._prepared.ground
        shape = panel_shape(ground.mesh, ground.features, self.labels, self.names.index(panel))
        mine = ground.mesh.faces[self.labels == self.names.index(panel)]
        return usual_grain(shape, ground.mesh.vertices[np.unique(mine)])

    def undo(self) -> bool:
        """Take the last edit back; False where there is none."""
        if len(self._steps) == 1:
            return False
        self._undone.append(self._steps.pop())
        return True

    def redo(self) -> bool:
        """Do again what was taken back last; False where there is nothing."""
        if not self._undone:
            return False
        self._steps.append(self._undone.pop())
        return True

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return len(self._steps) > 1

    @property
    def can_redo(self) -> bool:
        """Whether an edit that was taken back can be done again."""
        return bool(self._undone)

    def panel_map(self, progress: Progress = silent) -> PanelMap:
        """The panels with their seams placed: seconds, not for every click.

        Raises
        ------
        PanelError
            A seam divides nothing, a panel lies in two places, or can't be closed along its seams.
        """
        return self.placed(progress)[0]

    def placed(self, progress: Progress = silent) -> tuple[PanelMap, PanelEdits]:
        """The panels with their seams placed, and the edits as a file says them.

        Kinds that were set by place stand there by the seams' numbers in this panel map; one whose
        seam is gone is said in the map's notes.

        Raises
        ------
        PanelError
            As `panel_map`.
        """
        panels = self._bare_map(progress)
        kinds, notes = kinds_by_seam(panels, self._steps[-1].kinds)
        own = tuple(one for one in self.edits.kinds if one[0] not in dict(kinds))
        edits = replace(self.edits, kinds=(*own, *kinds))
        return apply_kinds(replace(panels, notes=(*panels.notes, *notes)), edits), edits

    def _bare_map(self, progress: Progress) -> PanelMap:
        """The panels with their usual kinds and warps; remembered until a panel changes."""
        if self._mapped is None or self._mapped[0] is not self._found:
            bare = replace(self.edits, kinds=(), grains=())
            self._mapped = self._found, panels_of(self._prepared, bare, progress, self._remembered)
        return self._mapped[1]

    def _take(self, edits: PanelEdits) -> None:
        self._push(edits, self._prepared.ground.corrected(edits))

    def _push(
        self, edits: PanelEdits, found: Corrected, kinds: tuple[KindAt, ...] | None = None
    ) -> None:
        # a warp outlives no panel
        grains = tuple(one for one in edits.grains if one[0] in found.names)
        kinds = self._steps[-1].kinds if kinds is None else kinds
        self._steps.append(_Step(replace(edits, grains=grains), found, kinds))
        self._undone.clear()

    def _with_cut(self, seam: int, points: FloatArray) -> FloatArray:
        """Take a drawn seam through other points; refused where it divides nothing."""
        cuts = (*self.edits.cuts[:seam], points, *self.edits.cuts[seam + 1 :])
        edits = replace(self.edits, cuts=cuts)
        found = self._prepared.ground.corrected(edits)
        if edits.keeps and seam in set(found.idle) - set(found.waiting):
            raise idle_seam(points)
        self._push(edits, found)
        return found.drawn_m[seam]

    def _drawn(self, seam: int) -> FloatArray:
        if not 0 <= seam < len(self.edits.cuts):
            raise PanelError(f"There is no drawn seam {seam + 1}.", "Take one that is there.")
        return self.edits.cuts[seam]

    def _middle_m(self, panel: str) -> FloatArray:
        """A place on a panel, near its middle."""
        mine = self.labels == self.names.index(panel)
        centres = self._prepared.ground.features.centres[mine]
        middle = centres[np.argmin(((centres - centres.mean(axis=0)) ** 2).sum(axis=1))]
        return click(middle)
