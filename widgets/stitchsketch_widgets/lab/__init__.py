"""StitchSketch in JupyterLab: a launcher tile a stage; its page's side is ``widgets/src/lab``."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "stitchsketch_widgets.lab"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from stitchsketch_widgets.lab.handlers import addresses

    app.web_app.add_handlers(".*$", addresses(app.web_app.settings["base_url"]))
