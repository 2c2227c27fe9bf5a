"""What surfaces look like: cloth, piping, wood and plaster as textures at true scale.

Every texture tiles without a step and is larger than what it covers, so no pattern repeats within
a panel: repeats would make photos match in the wrong place, as they do with real striped cloth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Texture:
    """Reflectance 0 to 1, stored as its square root times 255, and the size of a texel."""

    pixels: ImageArray
    mm_per_px: float


def coded(reflectance: AnyArray) -> ImageArray:
    """Reflectance as `Texture` stores it."""
    light = np.clip(reflectance, 0, 1, dtype=np.float32)
    return np.asarray(255 * np.sqrt(light) + np.float32(0.5)).astype(np.uint8)


def band_noise(
    rng: np.random.Generator,
    size_px: int,
    band_px: tuple[float, float],
    stretch: float = 1.0,
) -> FloatArray:
    """Periodic noise (size, size) of unit deviation with wavelengths of `band_px` pixels.

    A `stretch` over 1 draws it out along the rows, as the grain of wood is.
    """
    white = rng.standard_normal((size_px, size_px), dtype=np.float32)
    spectrum = fft.rfft2(white)
    fy = np.fft.fftfreq(size_px).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(size_px).astype(np.float32)[None] * np.float32(stretch)
    square = fx * fx + fy * fy + np.float32(1e-12)
    low, high = np.float32(band_px[1] ** -2), np.float32(band_px[0] ** -2)
    spectrum *= np.exp(-((low / square) ** 2) - (square / high) ** 2)
    noise = fft.irfft2(spectrum, s=white.shape)
    return np.asarray(noise / noise.std())


def fabric(
    seed: int, colour: Colour, motif: Colour, size_px: int = 4096, contrast: float = 1.0
) -> Texture:
    """Cloth of 0.5 mm texels: a soft two-tone motif, slubs of 3 to 15 mm, and a weave.

    A `contrast` below 1 brings every texel nearer to the cloth's mean.

    Its tile is 2 m wide, so that a chair hardly shows the same threads twice: real cloth repeats
    its motif, not its threads, and photos of equal threads are matched to each other.
    """
    rng = np.random.default_rng(seed)
    mm = 0.5
    slub = band_noise(rng, size_px, (3 / mm, 7 / mm))
    mottle = band_noise(rng, size_px, (7 / mm, 16 / mm))
    leaf = band_noise(rng, size_px, (14 / mm, 45 / mm))
    thread = np.sin(2 * np.pi * mm / 2.0 * np.arange(size_px)).astype(np.float32)
    weave = thread[None] * thread[:, None]
    tone = 1 + 0.16 * slub + 0.15 * mottle + 0.06 * weave
    share = _step(leaf, 0.55, 0.25)[..., None]
    fleck = _step(slub + 0.4 * mottle, 2.0, 0.3)[..., None]
    base = _colour(colour) * (1 - share) + _colour(motif) * share
    cloth = base * np.clip(tone, 0.35, 1.8)[..., None]
    cloth = cloth * (1 - 0.6 * fleck) + 0.5 * fleck
    mean = cloth.mean(axis=(0, 1))
    return Texture(coded(mean + np.float32(contrast) * (cloth - mean)), mm)


def stripes(seed: int, colour: Colour, other: Colour, size_px: int = 4096) -> Texture:
    """Stripes of 32 mm along the warp, alike but for their faint slubs; 0.5 mm texels."""
    rng = np.random.default_rng(seed)
    mm = 0.5
    # 64 texels go into the tile without a rest
    across = np.arange(size_px) % 64
    share = _step(np.abs(across - 32) / 32.0, 0.5, 0.06)[None, :, None]
    tone = 1 + 0.05 * band_noise(rng, size_px, (3 / mm, 12 / mm), stretch=3.0)
    stripe = _colour(colour) * (1 - share) + _colour(other) * share
    return Texture(coded(stripe * np.clip(tone, 0.5, 1.5)[..., None]), mm)


def leather(seed: int, colour: Colour, size_px: int = 4096) -> Texture:
    """Smooth leather of 0.5 mm texels: a grain of 1 to 3 mm, and clouds of 20 to 80 mm."""
    rng = np.random.default_rng(seed)
    mm = 0.5
    grain = band_noise(rng, size_px, (1.2 / mm, 3 / mm))
    cloud = band_noise(rng, size_px, (20 / mm, 80 / mm))
    tone = 1 + 0.10 * grain + 0.08 * cloud
    return Texture(coded(_colour(colour) * np.clip(tone, 0.4, 1.6)[..., None]), mm)


def piping(seed: int, colour: Colour) -> Texture:
    """Plain cord cloth: one colour with a faint twill."""
    rng = np.random.default_rng(seed)
    tone = 1 + 0.05 * band_noise(rng, 512, (3, 12))
    return Texture(coded(_colour(colour) * tone[..., None]), 0.5)


def parquet(seed: int, size_px: int = 3072) -> Texture:
    """Oak planks, 96 mm wide, no two alike; 2 mm texels."""
    rng = np.random.default_rng(seed)
    rows, per_row = size_px // 48, size_px // 384
    tone = (1 + 0.13 * rng.standard_normal((rows, per_row))).astype(np.float32)
    shift = rng.integers(0, 384, rows)
    row = np.arange(size_px) // 48
    along = (np.arange(size_px)[None] + shift[row][:, None]) % size_px
    plank = tone[row[:, None], along // 384]
    joint = (np.arange(size_px) % 48 == 0)[:, None] | (along % 384 == 0)
    grain = band_noise(rng, size_px, (2.5, 30), stretch=7.0)
    speck = band_noise(rng, size_px, (3, 9))
    knots = band_noise(rng, size_px, (9, 40), stretch=2.0)
    tone_map = plank * (1 + 0.13 * grain + 0.13 * speck + 0.10 * knots)
    tone_map[joint] *= 0.45
    return Texture(coded(_colour((0.36, 0.235, 0.13)) * tone_map[..., None]), 2.0)


def wood(seed: int) -> Texture:
    """Dark turned wood."""
    rng = np.random.default_rng(seed)
    grain = band_noise(rng, 512, (3, 20), stretch=6.0)
    return Texture(coded(_colour((0.10, 0.05, 0.028)) * (1 + 0.25 * grain)[..., None]), 0.5)


def plaster(seed: int) -> Texture:
    """A pale wall with stains, so that a background gives some features."""
    rng = np.random.default_rng(seed)
    tone = 1 + 0.05 * band_noise(rng, 2048, (3, 10)) + 0.05 * band_noise(rng, 2048, (12, 60))
    return Texture(coded(_colour((0.50, 0.50, 0.46)) * tone[..., None]), 5.0)


def lining() -> Texture:
    """The black dust cover below."""
    return Texture(coded(np.full((8, 8, 3), 0.015)), 4.0)


def _colour(colour: Colour) -> FloatArray:
    return np.asarray(colour, dtype=np.float32)


def _step(values: FloatArray, at: float, width: float) -> FloatArray:
    # 0 below, 1 above, smooth between
    t = np.clip((values - at) / width + 0.5, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
