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
# # 1 Ingest: the photos
# Photos as they came, judged one by one, to upright copies that every later stage reads.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "ingest")
stage.compute()

# %%
photos = stage.read("ingest", "photos", PhotoSet)
for note in photos.notes:
    display(note.text)

# %%
stage.picture("photos", pictures.photo_sheet(photos.photos, photos.notes))
