"""Screens for JupyterLab and Voilà: what is seen and clicked; computing stays in the kernel.

Each screen is an anywidget: its state is here, as traitlets; its JavaScript lies in ``widgets/src``
and is built into ``static/`` beside this module. All words stand in ``texts/``.
"""
