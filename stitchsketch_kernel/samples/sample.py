"""A sample: furniture on a floor with mats, and the cameras round it, all exactly known."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.model import Mesh, Similarity
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.samples.armchair import armchair
from stitchsketch_kernel.samples.cushion import box_cushion
from stitchsketch_kernel.samples.furniture import Furniture, TruthPanel, TruthSeam, assemble
from stitchsketch_kernel.samples.looks import LOOKS
from stitchsketch_kernel.samples.shooting import STEADY, Shooting
from stitchsketch_kernel.samples.surroundings import NOTHING_ELSE, Surroundings
from stitchsketch_kernel.samples.tufting import tufted

SAMPLE_NAMES = ("armchair", "cushion", "demo")


@dataclass(frozen=True)
class PlacedMat:
    """A mat on the floor: its sheet's origin and how far it is turned.

    `print_scale` is what a rescaling printer made of it: 0.97 brings the tags' centres to 97 % of
    the distances that `board` tells.
    """

    board: Board
    origin_m: tuple[float, float]
    yaw_deg: float
    print_scale: float = 1.0

    def centres_m(self) -> FloatArray:
        """Where the tags' centres really lie, shape (n, 3), in the board's order."""
        turn = _yaw(self.yaw_deg)[:2, :2]
        sheet = self.board.centres_mm[:, :2] * (self.print_scale / 1000)
        xy = sheet @ turn.T + np.asarray(self.origin_m)
        return np.column_stack([xy, np.zeros(len(xy))])


@dataclass(frozen=True, eq=False)
class Sample:
    """Furniture, mats and cameras, metres, z up, floor at 0.

    Attributes
    ----------
    name : str
    furniture : tuple of Furniture
    mats : tuple of PlacedMat
    views : tuple of View
        One camera with distortion for all; named as the photo's file.
    seed : int
        Of all that is random in the pictures.
    look : str
        What the furniture is covered with, of `LOOKS`.
    around : Surroundings
        What else is in the room.
    shooting : Shooting
        How steady and bright the photos are.
    """

    name: str
    furniture: tuple[Furniture, ...]
    mats: tuple[PlacedMat, ...]
    views: tuple[View, ...] = field(repr=False)
    seed: int = 1
    look: str = LOOKS[0]
    around: Surroundings = NOTHING_ELSE
    shooting: Shooting = STEADY

    @cached_property
    def panels(self) -> tuple[TruthPanel, ...]:
        """Panels of all furniture; their names are unique."""
        return tuple(panel for piece in self.furniture for panel in piece.panels)

    @cached_property
    def seams(self) -> tuple[TruthSeam, ...]:
        """Seams of all furniture."""
        return tuple(seam for piece in self.furniture for seam in piece.seams)

    @cached_property
    def mesh(self) -> Mesh:
        """The visible surface of all furniture: panels, piping, legs; not the floor."""
        meshes = [piece.mesh for piece in self.furniture]
        offsets = [0, *accumulate(len(mesh.vertices) for mesh in meshes)]
        faces = [mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)]
        vertices = np.vstack([mesh.vertices for mesh in meshes])
        return Mesh(vertices, np.vstack(faces).astype(np.int32))

    @cached_property
    def face_panel(self) -> IntArray:
        """For each face of `mesh` the index into `panels`, -1 where there is no panel."""
        parts, offset = [], 0
        for piece in self.furniture:
            mine = piece.face_panel
            parts.append(np.where(mine >= 0, mine + offset, -1).astype(np.int32))
            offset += len(piece.panels)
        return np.concatenate(parts)

    @property
    def boards(self) -> tuple[Board, ...]:
        """What the mats claim to be."""
        return tuple(mat.board for mat in self.mats)

    def panel(self, name: str) -> TruthPanel:
        """The panel of that name."""
        return next(panel for panel in self.panels if panel.name == name)

    def seam(self, seam_id: str) -> TruthSeam:
        """The seam of that id."""
        return next(seam for seam in self.seams if seam.id == seam_id)

    def printed_at(self, print_scale: float) -> Sample:
        """The same with mats from a printer that rescales."""
        mats = tuple(replace(mat, print_scale=print_scale) for mat in self.mats)
        return replace(self, mats=mats)

    def covered_with(self, look: str) -> Sample:
        """The same under another cover.

        Raises
        ------
        SettingsError
            If there is no such cover.
        """
        if look not in LOOKS:
            raise SettingsError(f"There is no cover {look!r}.", f"Use {', '.join(LOOKS)}.")
        furniture = tuple(map(tufted, self.furniture)) if look == "tufted" else self.furniture
        return replace(self, look=look, furniture=furniture)

    def shot(self, shooting: Shooting) -> Sample:
        """The same photographed in another way."""
        return replace(self, shooting=shooting)

    def with_views(self, names_or_views: tuple[str, ...] | tuple[View, ...]) -> Sample:
        """The same seen from fewer or other views."""
        by_name = {view.name: view for view in self.views}
        views = tuple(by_name[v] if isinstance(v, str) else v for v in names_or_views)
        return replace(self, views=views)

    def views_apart(self, count: int = 5) -> Sample:
        """The same photographed badly: `count` views that look away from each other.

        They stand back to back and look outwards, so that no two share anything.
        """
        camera = self.views[0].camera
        views = []
        for index in range(count):
            angle = 2 * np.pi * index / count
            away = np.array([np.sin(angle), np.cos(angle), 0.0])
            eye, target = 1.2 * away + [0, 0, 1.4], 2.6 * away + [0, 0, 0.3]
            name = f"{self.name}-apart-{index + 1:02d}.jpg"
            views.append(looking_at(name, camera, eye, target))
        return replace(self, views=tuple(views))


@dataclass(frozen=True)
class Ring:
    """Views round a centre: how many, how high, how far from it, where they begin."""

    count: int
    elevation_deg: float
    distance_m: float
    begin_deg: float = 0.0


def build_sample(name: str) -> Sample:
    """A sample by name; the same every time.

    Parameters
    ----------
    name : {"armchair", "cushion", "demo"}
        ``cushion``: a box cushion, 28 views of 960 x 720. ``armchair``: a club chair, 32 views of
        1280 x 960. ``demo``: both side by side, 40 views of 1280 x 960.

    Raises
    ------
    SettingsError
        If there is no such sample.
    """
    builders = {"armchair": _armchair, "cushion": _cushion, "demo": _demo}
    if name not in builders:
        raise SettingsError(f"There is no sample {name!r}.", f"Use {', '.join(SAMPLE_NAMES)}.")
    return builders[name]()


def _cushion() -> Sample:
    camera = Camera(960, 720, 824.0, 824.0, 483.5, 356.2, k1=-0.08, k2=0.02)
    rings = (Ring(12, 24.0, 1.02), Ring(10, 42.0, 1.00, 15.0), Ring(6, 60.0, 1.02, 35.0))
    furniture = (assemble(box_cushion(), _pose(0.0, 0.0, 12.0)),)
    mats = _mats(((0.43, 0.10, 10), (-0.05, 0.42, 95), (-0.44, -0.05, 185), (0.08, -0.42, -80)))
    views = ring_views("cushion", camera, np.array([0.0, 0.0, 0.07]), rings)
    return Sample("cushion", furniture, mats, views, seed=11)


def _armchair() -> Sample:
    rings = (Ring(12, 17.0, 1.85), Ring(11, 36.0, 1.80, 15.0), Ring(9, 57.0, 1.85, 5.0))
    furniture = (assemble(armchair(), _pose(0.0, 0.0, 8.0)),)
    mats = _mats(((0.58, 0.25, 20), (-0.20, 0.68, 100), (-0.58, -0.20, 170), (0.15, -0.62, -85)))
    views = ring_views("armchair", _camera(), np.array([0.0, 0.0, 0.36]), rings)
    return Sample("armchair", furniture, mats, views, seed=12)


def _demo() -> Sample:
    rings = (Ring(15, 18.0, 2.10), Ring(14, 37.0, 2.18, 12.0), Ring(11, 57.0, 2.25, 5.0))
    furniture = (
        assemble(armchair(), _pose(-0.34, -0.08, -10.0)),
        assemble(box_cushion(), _pose(0.54, 0.32, 22.0)),
    )
    mats = _mats(((0.20, 0.70, 15), (0.58, -0.18, 65), (-0.32, -0.74, 170), (-0.90, 0.20, 80)))
    views = ring_views("demo", _camera(), np.array([0.0, 0.04, 0.26]), rings)
    return Sample("demo", furniture, mats, views, seed=13)


def _camera() -> Camera:
    return Camera(1280, 960, 1100.0, 1100.0, 646.5, 474.0, k1=-0.08, k2=0.02)


def _mats(places: tuple[tuple[float, float, float], ...]) -> tuple[PlacedMat, ...]:
    boards = standard_mats(len(places))
    return tuple(
        PlacedMat(board, (x, y), yaw) for board, (x, y, yaw) in zip(boards, places, strict=True)
    )


def _pose(x: float, y: float, yaw_deg: float) -> Similarity:
    return Similarity(1.0, _yaw(yaw_deg), np.array([x, y, 0.0]))


def _yaw(degrees: float) -> FloatArray:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def ring_views(
    prefix: str, camera: Camera, centre: FloatArray, rings: tuple[Ring, ...]
) -> tuple[View, ...]:
    """Views on rings round `centre`: handheld, no two quite as far, as high or as level."""
    rng = np.random.default_rng(zlib.crc32(prefix.encode()))
    views: list[View] = []
    for ring in rings:
        for step in range(ring.count):
            angle = np.deg2rad(ring.begin_deg + 360 * step / ring.count + rng.normal(0, 1.5))
            lift = np.deg2rad(ring.elevation_deg + rng.normal(0, 1.2))
            away = ring.distance_m * (1 + rng.normal(0, 0.015))
            offset = [np.cos(lift) * np.sin(angle), np.cos(lift) * np.cos(angle), np.sin(lift)]
            target = centre + rng.normal(0, 0.015, 3)
            name = f"{prefix}-{len(views) + 1:02d}.jpg"
            eye = centre + away * np.asarray(offset)
            views.append(looking_at(name, camera, eye, target, float(rng.normal(0, 1.5))))
    return tuple(views)


def looking_at(
    name: str, camera: Camera, eye_m: FloatArray, target_m: FloatArray, roll_deg: float = 0.0
) -> View:
    """The view from `eye_m` towards `target_m`, level but for `roll_deg`."""
    forward = target_m - eye_m
    forward = forward / np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    rotation = _yaw(roll_deg) @ np.stack([right, down, forward])
    return View(name, camera, rotation, -rotation @ eye_m)
