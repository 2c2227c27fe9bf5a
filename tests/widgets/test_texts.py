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
    "sheet.col.": "col.$", "offer.match.": "match.$",
    "offer.stretch.": "offer.stretch.{", "offer.file.": "offer.file.{",
    "offer.field.": "offer.field.{", "offer.col.": "col.$", "offer.defect.": "defect.$",
    "drop.state.": "state.$", "drop.severity.": "severity.$",
    "coach.side.": "coach.side.{", "coach.label.": "coach.label.{", "coach.at.": "coach.at.{",
    "new.step.": "step.$", "new.about.": "about.$", "new.field.": "field.$",
    "new.help.": "help.$", "new.units.": "new.{name}", "new.scale_by.": "new.{name}",
    "new.paper.": "new.{name}", "new.end.": "end.$",
    "cover.view.": "view.$", "cover.kind.": "cover.kind.{", "cover.making.": "making.$",
    "cover.col.": "col.$", "cover.file.": "cover.file.{",
}  # fmt: skip
#: The texts that each screen's script says.
ROOMS = {
    "seam_editor": "seams", "run_progress": "progress", "scan_viewer": "scan",
    "pattern_sheet": "sheet", "marker_view": "marker", "fabric_quote": "offer",
    "photo_drop": "drop", "capture_coach": "coach", "scan_wizard": "new",
    "cover_view": "cover",
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
    for folder, room in ROOMS.items():
        text = "".join(p.read_text() for p in (WIDGETS / "src" / folder).glob("*.js"))
        found = re.findall(r'(?<![\w])(?:say|press)\(\s*"([\w.]+)"', text)
        asked |= {key if key.startswith("common.") else f"{room}.{key}" for key in found}
    assert asked - set(keys) == set()
    assert len(asked) > 30


def test_places_in_a_text_are_filled():
    from stitchsketch_widgets.texts import text

    assert text("pages.elsewhere", host="lathe").endswith("but on lathe.")
