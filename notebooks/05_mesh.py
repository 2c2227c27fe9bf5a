# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5 Mesh: the piece's surface
# Depth maps fused to one surface, cut back to what was seen.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.stages.reading import mesh_of, scale_of
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "mesh")
stage.compute()

# %%
mesh, metric = mesh_of(stage), scale_of(stage).is_metric
stage.picture("mesh", pictures.mesh_four_sides(mesh, metric))

# %% [markdown]
# Where the surface is known well (yellow) and where it is a guess (dark).

# %%
stage.picture("confidence", pictures.confidence_four_sides(mesh, metric))
