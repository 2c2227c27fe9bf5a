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
# # 2 Align: photos to cameras
# COLMAP's structure from motion on the CPU. The units are still anybody's guess.

# %% tags=["parameters"]
run_dir = "demo"

# %%
import numpy as np

from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.imaging.photos import load_image
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.two_sessions import TURNED, session_photos
from stitchsketch_kernel.reconstruction.align import file_names
from stitchsketch_kernel.reconstruction.colmap_io import match_counts, pair_matches
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "align")
stage.compute()

# %%
photos, *turned = session_photos(stage)
model = stage.read("align", "model", SparseModel)
database, file_of = stage.folder / "features.db", file_names(photos)
names, counts = match_counts(database, file_of)
stage.picture("matches", pictures.match_matrix(names, counts))

# %% [markdown]
# The two photos that share most, and two that share a middling number.

# %%
path_of = {photo.name: photo.path for photo in photos}
pairs = np.column_stack(np.triu_indices(len(names), 1))
pairs = pairs[np.argsort(counts[tuple(pairs.T)])]
for a, b in pairs[[-1, -len(pairs) // 4]]:
    pixels_a, pixels_b = pair_matches(database, file_of, names[a], names[b])
    images = load_image(path_of[names[a]]), load_image(path_of[names[b]])
    display(pictures.match_picture(*images, pixels_a, pixels_b))

# %%
pictures.cameras_and_cloud(model)

# %% [markdown]
# The photos in the folder `turned`, if there is one, are aligned apart: the piece was turned over.

# %%
for photos in turned:
    names, counts = match_counts(stage.folder / TURNED / "features.db", file_names(photos))
    display(pictures.match_matrix(names, counts))
    display(pictures.cameras_and_cloud(stage.read("align", f"{TURNED}/model", SparseModel)))
