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
# # 3 Scale: how long a metre is
# From the centres of the mats' tags, a described board, or a length that a person measured; then
# z is up and the floor is at 0.

# %% tags=["parameters"]
run_dir = "demo"

# %%
import numpy as np

from stitchsketch_kernel.domain.model import Scale, SparseModel
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.two_sessions import motion_of
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "scale")
stage.compute()

# %%
scale = stage.read("scale", "scale", Scale)
scale

# %%
residuals = stage.read("scale", "residuals_mm", dict)
if residuals:
    chart = pictures.scale_residuals(list(residuals), np.array(list(residuals.values())), scale)
    display(stage.picture("scale", chart))

# %% [markdown]
# Two sessions of one piece: how it was moved between them, by spots of it that both show.

# %%
if motion := motion_of(stage):
    spots, sure = len(motion.first_m), 1.96 * motion.sigma_mm
    display(f"{spots} spots, {motion.residual_mm:.2f} mm apart; the piece lies ± {sure:.2f} mm")

# %%
model = stage.read("scale", "model", SparseModel)
stage.picture("cameras", pictures.cameras_and_cloud(model, scale))
