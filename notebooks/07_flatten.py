# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 7 Flatten: the pieces
# Each panel denoised, laid flat, and given allowances, notches and grain. The colour tells how much
# the cloth must give.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "flatten")
stage.compute()

# %%
flats = stage.read("flatten", "flats", tuple)
scale = stage.read("scale", "scale", Scale)
stage.picture("pieces", pictures.pieces_with_strain(flats, scale.is_metric))

# %% [markdown]
# Each seam's length with the half-width of its 95 % interval, and how much its two sides differ;
# each piece's edge and sizes.

# %%
pattern = stage.read("flatten", "pattern", Pattern)
if scale.is_metric:
    for seam in pattern.seams:
        length = f"{seam.length_a_mm:.1f} mm ± {seam.length_uncertainty_mm:.1f}"
        other = "" if seam.piece_b is None else f" | {seam.piece_b} {seam.difference_mm:+.2f} mm"
        display(f"{seam.seam} {length}: {seam.piece_a}{other}")
    for piece in pattern.pieces:
        width, height = piece.size_uncertainty_mm
        edge = f"edge ± {piece.uncertainty_mm:.1f} mm"
        display(f"{piece.name}: {edge}, width ± {width:.1f}, height ± {height:.1f}")
