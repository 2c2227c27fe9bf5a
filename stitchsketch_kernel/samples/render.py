"""Pictures of a sample: rays through each pixel's quarters, shaded, then a lens and a sensor."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.samples.atlas import sample_texture
from stitchsketch_kernel.samples.lighting import LAMPS
from stitchsketch_kernel.samples.looks import LEATHER_ROUGHNESS
from stitchsketch_kernel.samples.rays import cast
from stitchsketch_kernel.samples.sample import Sample
from stitchsketch_kernel.samples.shooting import developed
from stitchsketch_kernel.samples.stage import FLOOR, MATERIALS, MIRROR, WINDOW, Stage, stage_of

#: Rays a pixel, along each side.
SUPERSAMPLE = 2
#: Rows of pixels cast at once: bounds the memory.
ROWS = 120
#: What rays that leave the room see: the ceiling.
CEILING = 0.62
#: What a window by day sends, many times what the room does; what a mirror sends on.
DAYLIGHT, MIRRORED = 6.0, 0.9
#: Rays start this share of their length before a mirror, not behind it.
_OFF_GLASS = 1e-4
#: Place, size and light of each lamp, for the compiled loop.
_LAMP_ROWS = np.array([[*place, size, *light] for place, size, light in LAMPS])


def render_view(sample: Sample, view: View) -> ImageArray:
    """The photo of one view, shape (h, w, 3), RGB uint8, with the camera's distortion."""
    stage = stage_of(sample, view.name)
    height = view.camera.height_px
    firsts = range(0, height, ROWS)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        strips = pool.map(
            lambda first: _strip(stage, view, first, min(height, first + ROWS)), firsts
        )
        linear = np.vstack(list(strips))
    rng = np.random.default_rng([sample.seed, zlib.crc32(view.name.encode())])
    return developed(linear, view.camera, rng, sample.shooting)


def render_depth(sample: Sample, view: View) -> AnyArray:
    """Exact depth along the camera's z through each pixel's centre, float32 (h, w); 0: nothing."""
    stage, camera = stage_of(sample, view.name), view.camera
    rays = _rays(view, 0, camera.height_px, 1)
    depth, _, _ = cast(stage.rays, rays)
    depth[~np.isfinite(depth)] = 0.0
    return np.asarray(depth.reshape(camera.height_px, camera.width_px))


def _rays(view: View, first: int, last: int, supersample: int) -> AnyArray:
    # rays (n, 6) of rows first to last; directions have camera z = 1, so that t is the depth
    in_camera = _camera_rays(view.camera, supersample)
    mine = in_camera[first * supersample : last * supersample].reshape(-1, 3)
    rays = np.empty((len(mine), 6), dtype=np.float32)
    rays[:, :3] = view.centre
    rays[:, 3:] = mine @ view.rotation.astype(np.float32)
    return rays


@lru_cache(maxsize=2)
def _camera_rays(camera: Camera, supersample: int) -> AnyArray:
    # (rows, columns, 3), float32: undoing the distortion is dear, and the same for all views
    step = 1.0 / supersample
    x = (np.arange(camera.width_px * supersample) + 0.5) * step
    y = (np.arange(camera.height_px * supersample) + 0.5) * step
    rows = [
        camera.rays_from_pixels(np.column_stack([x, np.full(len(x), row)])).astype(np.float32)
        for row in y
    ]
    return np.stack(rows)


def _strip(stage: Stage, view: View, first: int, last: int) -> FloatArray:
    rays = _rays(view, first, last, SUPERSAMPLE)
    depth, face, uv = cast(stage.rays, rays)
    way, gain = _by_mirrors(stage, rays, depth, face, uv)
    atlas = stage.atlas
    light = np.empty((len(rays), 3), dtype=np.float32)
    _shade(
        rays,
        depth,
        way,
        face,
        uv,
        1000.0 / (view.camera.fx * SUPERSAMPLE),
        stage.faces,
        stage.texture_mm,
        stage.light,
        stage.face_material,
        stage.face_normal,
        atlas.data,
        atlas.levels,
        atlas.level_count,
        atlas.mm_per_px,
        stage.mats,
        stage.normals,
        stage.gloss,
        stage.lamps,
        _LAMP_ROWS,
        light,
    )
    light *= gain[:, None]
    shape = (last - first, SUPERSAMPLE, view.camera.width_px, SUPERSAMPLE, 3)
    return np.asarray(light.reshape(shape).mean(axis=(1, 3)))


def _by_mirrors(
    stage: Stage, rays: AnyArray, depth: AnyArray, face: IntArray, uv: AnyArray
) -> tuple[AnyArray, AnyArray]:
    """Send rays that meet a mirror on from there, in place; way so far, and light left, each (n,).

    A ray that meets a second mirror sees the back of it, black.
    """
    way, gain = np.zeros_like(depth), np.ones_like(depth)
    met = np.flatnonzero(np.isfinite(depth))
    met = met[stage.face_material[face[met]] == MIRROR]
    if len(met):
        normal = stage.face_normal[face[met]]
        along = rays[met, 3:]
        way[met], gain[met] = depth[met], MIRRORED
        rays[met, :3] += depth[met, None] * along
        rays[met, 3:] = along - 2 * (along * normal).sum(axis=1, keepdims=True) * normal
        rays[met, :3] += _OFF_GLASS * rays[met, 3:]
        depth[met], face[met], uv[met] = cast(stage.rays, rays[met])
    return way, gain


@njit(cache=True, nogil=True)
def _shade(  # type: ignore[no-untyped-def]
    rays, depth, way, hit, uvs, mm_per_depth, faces, texture_mm, vertex_light, face_material,
    face_normal, data, levels, level_count, mm_per_px, mats,
    normals, gloss, lamps, lamp_rows, light,
):  # fmt: skip
    for i in range(len(rays)):
        t = depth[i]
        if not np.isfinite(t):
            light[i, :] = CEILING
            continue
        face = hit[i]
        b, c = uvs[i, 0], uvs[i, 1]
        a = 1 - b - c
        ia, ib, ic = faces[face]
        u = a * texture_mm[ia, 0] + b * texture_mm[ib, 0] + c * texture_mm[ic, 0]
        v = a * texture_mm[ia, 1] + b * texture_mm[ib, 1] + c * texture_mm[ic, 1]
        x, y, z = rays[i, 3], rays[i, 4], rays[i, 5]
        n = face_normal[face]
        cosine = abs(x * n[0] + y * n[1] + z * n[2]) / np.sqrt(x * x + y * y + z * z)
        # a pixel's trace on a slanted surface is long and narrow: between its two widths
        footprint = mm_per_depth * (way[i] + t) / np.sqrt(max(cosine, 0.05))
        material = face_material[face]
        if material in (WINDOW, MIRROR):
            light[i, :] = DAYLIGHT if material == WINDOW else 0.0
            continue
        if material == FLOOR:
            px, py = rays[i, 0] + t * x, rays[i, 1] + t * y
            material, u, v = _on_mat(px, py, u, v, mats, levels, mm_per_px)
        out, spare = np.empty(3), np.empty(3)
        sample_texture(data, levels, level_count, mm_per_px, material, u, v, footprint, out, spare)
        for k in range(3):
            glow = a * vertex_light[ia, k] + b * vertex_light[ib, k] + c * vertex_light[ic, k]
            light[i, k] = out[k] * glow
        if material < len(gloss) and gloss[material] > 0:
            normal = a * normals[ia] + b * normals[ib] + c * normals[ic]
            normal /= np.sqrt((normal * normal).sum())
            eye = -rays[i, 3:].astype(np.float64)
            at = rays[i, :3] - t * eye
            eye /= np.sqrt((eye * eye).sum())
            for k in range(len(lamp_rows)):
                sees = a * lamps[ia, k] + b * lamps[ib, k] + c * lamps[ic, k]
                mirrored = sees * _mirrored(at, normal, eye, lamp_rows[k], gloss[material])
                for channel in range(3):
                    light[i, channel] += mirrored * lamp_rows[k, 4 + channel]


@njit(cache=True)
def _mirrored(at, normal, eye, lamp, gloss):  # type: ignore[no-untyped-def]
    # share of a lamp's light that a rough surface throws to the eye: GGX's lobe (Walter et al.,
    # Microfacet models for refraction through rough surfaces, 2007) with Schlick's Fresnel term,
    # widened by the lamp's own size (Karis, Real shading in Unreal Engine 4, 2013)
    to_lamp = lamp[:3] - at
    square = (to_lamp * to_lamp).sum()
    to_lamp /= np.sqrt(square)
    n_l, n_v = (normal * to_lamp).sum(), (normal * eye).sum()
    if n_l <= 0 or n_v <= 0:
        return 0.0
    half = to_lamp + eye
    half /= np.sqrt((half * half).sum())
    n_h, v_h = (normal * half).sum(), (eye * half).sum()
    alpha = LEATHER_ROUGHNESS**2
    wide = min(1.0, alpha + lamp[3] / (2 * np.sqrt(square)))
    spread = wide * wide / (np.pi * (n_h * n_h * (wide * wide - 1) + 1) ** 2)
    fresnel = gloss + (1 - gloss) * (1 - v_h) ** 5
    return fresnel * spread / (4 * max(n_v, 0.1)) / square


_MAT_TEXTURES = len(MATERIALS)


@njit(cache=True)
def _on_mat(x, y, u, v, mats, levels, mm_per_px):  # type: ignore[no-untyped-def]
    # the floor's texture and place on it, or the mat's where a mat lies
    for k in range(len(mats)):
        dx, dy = 1000 * (x - mats[k, 0]), 1000 * (y - mats[k, 1])
        sheet_x = (mats[k, 2] * dx + mats[k, 3] * dy) / mats[k, 4]
        sheet_y = (mats[k, 2] * dy - mats[k, 3] * dx) / mats[k, 4]
        right, down = sheet_x - mats[k, 5], mats[k, 6] - sheet_y
        index = _MAT_TEXTURES + k
        wide = levels[index, 0, 2] * mm_per_px[index]
        high = levels[index, 0, 1] * mm_per_px[index]
        if 0 <= right < wide and 0 <= down < high:
            return index, right, down
    return FLOOR, u, v
