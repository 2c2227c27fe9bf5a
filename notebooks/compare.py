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
# # Two runs side by side
# Figures, surfaces and pieces of two runs of one scan.

# %% tags=["parameters"]
run_dir = "demo"
other_dir = "demo-again"

# %%
import pandas as pd

from stitchsketch_kernel.pipeline.comparing import open_run
from stitchsketch_kernel.visualization import comparing

first, second = open_run(run_dir), open_run(other_dir)

# %% [markdown]
# What was set, and what was found otherwise.

# %%
pd.DataFrame({first.name: first.settings, second.name: second.settings}).fillna("default")

# %%
rows = comparing.figures_beside(first.figures, second.figures)
pd.DataFrame(
    [(row.stage, row.name, row.first, row.second) for row in rows if row.differs],
    columns=["stage", "figure", first.name, second.name],
)

# %% [markdown]
# The first run's surface: red where it lies outside of the second's, blue inside, grey where only
# one of them saw anything.

# %%
comparing.distance_four_sides(first.mesh, second.mesh)

# %% [markdown]
# Pieces of both, grain on grain: 95 % of the first one's sew line lies within what stands beside
# its name.

# %%
comparing.pieces_overlaid(first.pattern, second.pattern, (first.name, second.name))
