"""Where a widget's built JavaScript lies: `make widgets` puts it beside this module."""

from __future__ import annotations

from pathlib import Path

from stitchsketch_kernel.domain.errors import SettingsError

STATIC = Path(__file__).parent / "static"


def built(file: str) -> Path:
    """A file of the bundle, such as ``seam_editor.js``.

    Raises
    ------
    SettingsError
        It was not built yet.
    """
    path = STATIC / file
    if not path.is_file():
        raise SettingsError(
            f"The screens of StitchSketch are not built ({file} is missing).",
            "Build them with 'make widgets', or install the package from a wheel.",
        )
    return path
