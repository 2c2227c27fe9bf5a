# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: title
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   title: Help
# ---

# %% tags=["parameters"]
# the hub says who is there; without one it is the person at this machine
person, shop = "", ""

# %%
from stitchsketch_widgets.pages.help import help_page
from stitchsketch_widgets.pages.here import here

help_page(here(person, shop))
