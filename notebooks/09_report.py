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
# # 9 Report: all on one page
# `report.html` holds everything and asks no host for anything.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from IPython.display import HTML

from stitchsketch_kernel.pipeline.context import open_stage

stage = open_stage(run_dir, "report")
stage.compute()

# %%
HTML('<a href="../report.html">report.html</a>')
