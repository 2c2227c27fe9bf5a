"""Every word on a screen stands in the catalogue, and every word of the catalogue is used."""

from __future__ import annotations

import json
import re
from pathlib import Path

WIDGETS = Path(__file__).resolve().parents[2] / "widgets"
CATALOGUE = WIDGETS / "stitchsketch_widgets" / "texts" / "en.json"
#: Texts that are chosen by what stands in their last part.
FAMILIES = {
    "kind.": "kind.{", "seams.tool.": "tool.$", "seams.hint.": "hint.$",
    "seams.strain_": "strain_$", "progress.status.": "status.$", "progress.stage.": "stage.$",
    "progress.did.": "progress.did.{", "scan.tool.": "tool.$", "scan.hint.": "hint.$",
    "help.": "help.$", "scan.side.": "side.$", "scan.mark.": "mark.$", "scan.box.": "box.$",
}  # fmt: skip


def sources() -> str:
    files = [*(WIDGETS / "src").rglob("*.js"), *(WIDGETS / "stitchsketch_widgets").rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_every_text_is_used_somewhere():
    text = sources()
    keys = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    families = tuple(begin for begin, used in FAMILIES.items() if used in text)
    unused = [
        key
        for key in keys
        if not key.startswith(families) and f'"{key}"' not in text
        and f'"{key.partition(".")[2]}"' not in text
    ]  # fmt: skip
    assert unused == []


def test_every_text_that_is_asked_for_is_there():
    keys = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    asked = set(re.findall(r'(?<![\w.])text\("([\w.]+)"', sources()))
    asked |= set(re.findall(r'say\("(projects\.\w+)"', sources()))
    asked |= set(re.findall(r'words\(texts, "([\w.]+)"', sources()))
    for folder, room in (
        ("seam_editor", "seams"), ("run_progress", "progress"), ("scan_viewer", "scan"),
    ):  # fmt: skip
        text = "".join(p.read_text() for p in (WIDGETS / "src" / folder).glob("*.js"))
        asked |= {f"{room}.{key}" for key in re.findall(r'\.say\("([\w.]+)"', text)}
    assert asked - set(keys) == set()
    assert len(asked) > 30


def test_places_in_a_text_are_filled():
    from stitchsketch_widgets.texts import text

    assert text("pages.elsewhere", host="lathe").endswith("but on lathe.")
