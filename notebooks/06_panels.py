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
# # 6 Panels: where the seams run
# Proposed from creases and piping, from coloured tape where it was stuck on, or as the file of
# edits wants them. To change them, copy `model/panels.txt`, edit the copy and run again with
# `--edits`.

# %% tags=["parameters"]
run_dir = "demo"

# %%
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.domain.tape import TapeFound
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.stages.reading import mesh_of, scale_of
from stitchsketch_kernel.visualization import pictures

stage = open_stage(run_dir, "panels")
stage.compute()

# %%
panels = stage.read("panels", "panels", PanelMap)
metric = scale_of(stage).is_metric
stage.picture("panels", pictures.panels_four_sides(panels, metric))

# %%
tape = stage.read("panels", "tape", TapeFound)
if tape.lines:
    stage.picture("tape", pictures.tape_four_sides(mesh_of(stage), tape, metric))

# %%
for note in panels.notes:
    display(note)
for seam in panels.seams:
    display(f"{seam.id} {seam.edge_kind}: {seam.left} | {seam.right} {seam.length_mm:.1f} mm")
