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
# # 8 Nest: the pieces on the roll
# The marker, the yardage, and the cut files. Without a scale there are none.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "nest")
stage.compute()

# %%
if "refused_as" not in stage.figures("nest"):
    marker = stage.read("nest", "marker", Marker)
    pattern = stage.read("nest", "pattern", Pattern)
    display(stage.picture("marker", pictures.marker_picture(marker, pattern)))
