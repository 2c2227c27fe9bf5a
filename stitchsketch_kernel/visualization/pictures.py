"""All pictures of a run in one place: notebooks and the report import from here."""

from __future__ import annotations

from stitchsketch_kernel.visualization.cameras import cameras_and_cloud, scale_residuals
from stitchsketch_kernel.visualization.depth import depth_sheet
from stitchsketch_kernel.visualization.marker import marker_picture
from stitchsketch_kernel.visualization.masks import mask_sheet
from stitchsketch_kernel.visualization.panels import (
    confidence_four_sides,
    mesh_four_sides,
    panels_four_sides,
    tape_four_sides,
)
from stitchsketch_kernel.visualization.photos import match_matrix, match_picture, photo_sheet
from stitchsketch_kernel.visualization.pieces import pieces_with_strain

__all__ = [
    "cameras_and_cloud",
    "confidence_four_sides",
    "depth_sheet",
    "marker_picture",
    "mask_sheet",
    "match_matrix",
    "match_picture",
    "mesh_four_sides",
    "panels_four_sides",
    "photo_sheet",
    "pieces_with_strain",
    "scale_residuals",
    "tape_four_sides",
]
