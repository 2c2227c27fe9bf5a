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
# # 4 Densify: how far every pixel is
# One depth map a view, inside the box around the piece.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from stitchsketch_kernel.imaging.photos import PhotoSet, PixelsWhenAsked
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.stages.reading import depths_of, found_masks
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "densify")
stage.compute()

# %%
photos = stage.read("ingest", "photos", PhotoSet)
images = PixelsWhenAsked(photos.photos)
stage.picture("depths", pictures.depth_sheet(depths_of(stage.folder), images))

# %% [markdown]
# The masks, if they were asked for (`masks.find`): what is pale was left out. Where one is wrong,
# copy its file from `model/masks` to a folder `masks` beside the photos and mend it there: it then
# comes before what is found.

# %%
if masks := found_masks(stage.folder):
    display(stage.picture("masks", pictures.mask_sheet(images, masks)))
