"""Cloths that need no photo: plain, stripe, check, plaid, floral, leather, at their true size.

Drawn on a torus, so that every tile goes on without a step. A cloth's repeat is that of its
`Fabric`; where it has none, the kind's own. Motifs look the same turned by half, but for the
floral's: a piece may lie upside down on a cloth without nap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.prototype import ClothTile, tile_normals

KINDS = ("plain", "stripe", "check", "plaid", "floral", "leather")
#: Repeat along the roll and across where the fabric has none, mm; and colours.
_OWN_MM = {
    "plain": (160.0, 160.0), "stripe": (160.0, 80.0), "check": (100.0, 100.0),
    "plaid": (180.0, 180.0), "floral": (320.0, 320.0), "leather": (300.0, 300.0),
}  # fmt: skip
_COLORS = {
    "plain": ("#5f7482", "#6b808d"),
    "stripe": ("#e6dcc6", "#3f5873", "#a8483c"),
    "check": ("#efe9dc", "#32506b"),
    "plaid": ("#2f4a3c", "#8b2f2a", "#d9c89a", "#1d2b33"),
    "floral": ("#e9e1cf", "#a4434b", "#54724c", "#d8a24a"),
    "leather": ("#7a4a2c", "#5d3620"),
}
#: Roughness and sheen.
_LOOK = {"leather": (0.42, 0.0)}
_CLOTH_LOOK = (0.92, 0.25)
_MOST_PX = 1024
#: A thread, and how much it stands out.
_THREAD_MM, _RISE = 1.5, 0.16


@dataclass(frozen=True)
class ClothDesign:
    """What a built-in cloth looks like.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    colors : tuple of str
        ``#rrggbb``, the ground first; the kind's own where there are fewer.
    sheen : float or None
        0 to 1; the kind's own without.
    """

    kind: str = "plain"
    colors: tuple[str, ...] = ()
    sheen: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SettingsError(
                f"There is no built-in cloth {self.kind!r}.", f"Use one of {', '.join(KINDS)}."
            )
        for color in self.colors:
            rgb_of(color)
        if self.sheen is not None and not 0 <= self.sheen <= 1:
            raise SettingsError(f"A sheen of {self.sheen:g} can't be.", "Give one from 0 to 1.")


def rgb_of(color: str) -> FloatArray:
    """``#rrggbb`` as three numbers, 0 to 1.

    Raises
    ------
    SettingsError
        It is none.
    """
    digits = color.removeprefix("#")
    if len(digits) != 6 or not color.startswith("#") or set(digits) - set("0123456789abcdefABCDEF"):
        raise SettingsError(f"{color!r} is not a colour.", "Write it as #rrggbb, such as #5f7482.")
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255


def built_in(design: ClothDesign, fabric: Fabric, seed: int = 1) -> ClothTile:
    """The tile of a built-in cloth, one repeat of the fabric large (two across for a half-drop)."""
    along, across = tile_size_mm(fabric, _OWN_MM[design.kind])
    height, width = tile_px(along, across)
    given = [*design.colors, *_COLORS[design.kind][len(design.colors) :]]
    colors = [rgb_of(color) for color in given]
    rng = np.random.default_rng(seed)
    mm_per_px = across / width
    draw = {
        "plain": _plain, "stripe": _stripe, "check": _check, "plaid": _plaid,
        "floral": _floral, "leather": _leather,
    }[design.kind]  # fmt: skip
    cells = (1, 2) if fabric.half_drop else (1, 1)
    color, rise = draw(height, width, mm_per_px, colors, rng, cells)
    rough, sheen = _LOOK.get(design.kind, _CLOTH_LOOK)
    sheen = sheen if design.sheen is None else design.sheen
    sheen = max(sheen, 0.6) if fabric.nap and design.sheen is None else sheen
    image = np.ascontiguousarray(np.clip(color, 0, 1) * 255 + 0.5).astype(np.uint8)
    normal = tile_normals(rise)
    return ClothTile(image, normal, across, along, rough, sheen, fabric.nap)


def tile_size_mm(fabric: Fabric, own: tuple[float, float]) -> tuple[float, float]:
    """What a tile must be along the roll and across, so that it repeats as the fabric does."""
    along = fabric.repeat_vertical_mm or own[0]
    across = fabric.repeat_horizontal_mm or own[1]
    return along, across * (2 if fabric.half_drop else 1)


def tile_px(along_mm: float, across_mm: float) -> tuple[int, int]:
    """Rows and columns of a tile: about a quarter of a millimetre each, and not too many."""
    longest = max(along_mm, across_mm)
    per_mm = min(4.0, _MOST_PX / longest)
    return max(8, round(along_mm * per_mm)), max(8, round(across_mm * per_mm))


_Drawn = tuple[FloatArray, FloatArray]


def _plain(
    height: int, width: int, mm: float, colors: Sequence[FloatArray], rng: np.random.Generator,
    cells: tuple[int, int],
) -> _Drawn:  # fmt: skip
    rise, over, tone = _weave(height, width, mm, rng)
    color = np.where(over[..., None], colors[0], colors[1]) * tone[..., None]
    return color, rise


def _stripe(
    height: int, width: int, mm: float, colors: Sequence[FloatArray], rng: np.random.Generator,
    cells: tuple[int, int],
) -> _Drawn:  # fmt: skip
    rise, _, tone = _weave(height, width, mm, rng)
    from_middle = np.abs((np.arange(width) + 0.5) / width * cells[1] % 1 - 0.5) * 2
    band = np.where(
        from_middle < 0.36, 1, np.where((from_middle > 0.46) & (from_middle < 0.54), 2, 0)
    )
    rows = np.array(colors[:3])[band]
    return np.broadcast_to(rows[None], (height, width, 3)) * tone[..., None], rise


def _check(
    height: int, width: int, mm: float, colors: Sequence[FloatArray], rng: np.random.Generator,
    cells: tuple[int, int],
) -> _Drawn:  # fmt: skip
    # two squares a repeat each way; corners of four lie at the motif's middle
    rise, _, tone = _weave(height, width, mm, rng)
    x = np.floor((np.arange(width) + 0.5) / width * 2 * cells[1]).astype(int)
    y = np.floor((np.arange(height) + 0.5) / height * 2).astype(int)
    dark = (x[None] + y[:, None]) % 2 == 1
    return np.where(dark[..., None], colors[1], colors[0]) * tone[..., None], rise


def _plaid(
    height: int, width: int, mm: float, colors: Sequence[FloatArray], rng: np.random.Generator,
    cells: tuple[int, int],
) -> _Drawn:  # fmt: skip
    rise, over, tone = _weave(height, width, mm, rng)

    def threads(count: int, many: int) -> FloatArray:
        away = np.abs((np.arange(count) + 0.5) / count * many % 1 - 0.5) * 2
        which = np.zeros(count, dtype=int)
        which[away < 0.34] = 1
        which[(away > 0.10) & (away < 0.14)] = 2
        which[away < 0.03] = 3
        which[(away > 0.64) & (away < 0.72)] = 3
        which[away > 0.96] = 2
        return np.array(colors[:4])[which]

    warp = np.broadcast_to(threads(width, cells[1])[None], (height, width, 3))
    weft = np.broadcast_to(threads(height, 1)[:, None], (height, width, 3))
    # a twill shows warp and weft in equal shares
    color = np.where(over[..., None], warp, weft)
    return (0.55 * color + 0.225 * (warp + weft)) * tone[..., None], rise


def _floral(
    height: int, width: int, mm: float, colors: Sequence[FloatArray], rng: np.random.Generator,
    cells: tuple[int, int],
) -> _Drawn:  # fmt: skip
    rise, _, tone = _weave(height, width, mm, rng)
    over = 2
    canvas = np.empty((height * over, width * over, 3), dtype=np.float64)
    canvas[:] = colors[0]
    cell = width * over / cells[1]
    size = min(cell, height * over)
    for column in range(cells[1]):
        middle = np.array([(column + 0.5) * cell, height * over / 2])
        # the second column of a half-drop hangs half a repeat lower
        middle = middle + np.array([0, height * over / 2 * column])
        spots = [(0.0, 0.0, 0.21, 0.2), (0.5, 0.5, 0.15, 1.1), (0.5, 0.02, 0.08, 2.0),
                 (0.02, 0.5, 0.08, 0.7)]  # fmt: skip
        for dx, dy, share, turn in spots:
            at = middle + np.array([dx * cell, dy * height * over])
            _leaves(canvas, at, share * size, turn, colors[2])
            _flower(canvas, at, share * size, turn, colors)
    color = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA))
    return color * tone[..., None], rise


def _flower(
    canvas: FloatArray, at: FloatArray, size: float, turn: float, colors: Sequence[FloatArray]
) -> None:
    for ring, (reach, petals) in enumerate(((1.0, 7), (0.62, 6))):
        shade = colors[1] * (0.82 if ring == 0 else 1.08)
        for k in range(petals):
            angle = turn + ring * 0.4 + 2 * np.pi * k / petals
            middle = at + reach * size * 0.5 * np.array([np.cos(angle), np.sin(angle)])
            axes = (reach * size * 0.46, reach * size * 0.26)
            _blot(canvas, middle, axes, angle, shade * (1 - 0.07 * (k % 2)))
    _blot(canvas, at, (size * 0.2, size * 0.2), 0.0, colors[3])


def _leaves(
    canvas: FloatArray, at: FloatArray, size: float, turn: float, color: FloatArray
) -> None:
    for k in range(4):
        angle = turn + 0.5 + np.pi / 2 * k
        middle = at + size * 1.15 * np.array([np.cos(angle), np.sin(angle)])
        _blot(canvas, middle, (size * 0.52, size * 0.17), angle + 0.25, color)
        vein = at + size * 1.15 * np.array([np.cos(angle), np.sin(angle)])
        _blot(canvas, vein, (size * 0.42, size * 0.02), angle + 0.25, color * 1.25)


def _blot(
    canvas: FloatArray, at: FloatArray, axes: tuple[float, float], angle: float, color: FloatArray
) -> None:
    """An ellipse on a torus: what leaves the picture on one side comes in on the other."""
    height, width = canvas.shape[:2]
    for dx in (-width, 0, width):
        for dy in (-height, 0, height):
            centre = tuple(int(v) for v in np.round((at % [width, height]) + [dx, dy]))
            size = tuple(max(1, round(axis)) for axis in axes)
            cv2.ellipse(
                canvas, centre, size, np.degrees(angle), 0, 360, tuple(map(float, color)), -1,
                cv2.LINE_8,
            )  # fmt: skip


def _leather(
    height: int, width: int, mm: float, colors: Sequence[FloatArray], rng: np.random.Generator,
    cells: tuple[int, int],
) -> _Drawn:  # fmt: skip
    """Grain as cells about random points: high in their middles, creased between them."""
    count = max(20, int(height * width * mm * mm / 3.2**2))
    seeds = rng.uniform(0, 1, (count, 2)) * [height, width]
    from scipy.spatial import cKDTree

    tree = cKDTree(seeds, boxsize=[height, width])
    Y, X = np.mgrid[0:height, 0:width]
    away = tree.query(np.column_stack([Y.ravel(), X.ravel()]).astype(float), k=2)[0]
    crease = ((away[:, 1] - away[:, 0]) * mm).reshape(height, width)
    pebble = 1 - np.exp(-((crease / 0.7) ** 2))
    slow = band(rng, height, width, (25 / mm, 120 / mm))
    rise = 0.7 * pebble / mm * 0.35 + 0.05 * band(rng, height, width, (2 / mm, 5 / mm))
    share = np.clip(0.35 + 0.65 * pebble + 0.10 * slow, 0, 1)[..., None]
    return colors[1] * (1 - share) + colors[0] * share, rise


def _weave(
    height: int, width: int, mm: float, rng: np.random.Generator
) -> tuple[FloatArray, AnyArray, FloatArray]:
    """A plain weave: how it rises (pixels), where warp lies over weft, and its uneven tone."""
    # whole threads, and an even number of them, so that the weave goes on without a step
    ends, picks = (max(2, 2 * round(n * mm / _THREAD_MM / 2)) for n in (width, height))
    x, y = (np.arange(width) + 0.5) / width * ends, (np.arange(height) + 0.5) / height * picks
    over = (np.floor(x)[None].astype(int) + np.floor(y)[:, None].astype(int)) % 2 == 0
    round_x, round_y = np.abs(np.sin(np.pi * x))[None], np.abs(np.sin(np.pi * y))[:, None]
    thread = np.where(over, round_x * (0.5 + 0.5 * round_y), round_y * (0.5 + 0.5 * round_x))
    rise = _RISE * _THREAD_MM / mm * thread
    slub = band(rng, height, width, (4 / mm, 14 / mm))
    tone = 1 + 0.10 * (thread - thread.mean()) + 0.025 * slub
    return rise, over, tone


def band(
    rng: np.random.Generator, height: int, width: int, waves_px: tuple[float, float]
) -> FloatArray:
    """Noise that repeats, of unit deviation, with waves of these lengths in pixels."""
    spectrum = fft.rfft2(rng.standard_normal((height, width)))
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    square = fx * fx + fy * fy + 1e-12
    spectrum *= np.exp(-((waves_px[1] ** -2 / square) ** 2) - (square * waves_px[0] ** 2) ** 2)
    spectrum[0, 0] = 0
    noise = fft.irfft2(spectrum, s=(height, width))
    return np.asarray(noise / max(float(noise.std()), 1e-12))
