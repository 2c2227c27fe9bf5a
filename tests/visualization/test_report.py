from __future__ import annotations

import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.cloth import Fit
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.marker import PhaseMatch
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.photo import PhotoNote
from stitchsketch_kernel.domain.piece import SeamPair
from stitchsketch_kernel.domain.sewing import SewFault
from stitchsketch_kernel.upholstery.flat.cloth import cloth_named
from stitchsketch_kernel.visualization.report import (
    CutFile,
    ReportData,
    data_uri,
    render_report,
    write_report,
)
from stitchsketch_kernel.visualization.verdict import Level, judge, seam_is_off, strain_is_high

EVIL = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>&'{{7*7}}"
FAULT = SewFault(("S00",), "notches", "Seam S00: its notches are 9 mm apart.")
#: Elements that HTML never closes.
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """Keeps tags, attributes and text, and notices elements that aren't closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words, self.open, self.faults = "", [], []
        self.feed(text)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data):
        if "style" not in self.open:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_page_is_sound_html_for_people_who_cannot_see(report_data):
    page = Page(render_report(report_data))
    assert not page.faults
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert page.all("img")
    assert all(img["alt"] for img in page.all("img"))
    assert all(svg["aria-label"] for svg in page.all("svg"))
    assert all(th["scope"] in {"row", "col"} for th in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_nothing_is_asked_of_any_host(report_data):
    text = render_report(report_data)
    page = Page(text)
    for _, attrs in page.tags:
        for name in ("src", "href", "srcset", "poster", "data", "action"):
            value = attrs.get(name) or ""
            assert not re.match(r"(?i)\s*([a-z]+:)?//", value), value
            if name == "src" and value:
                assert value.startswith("data:image/")
    assert not re.search(r"url\(|@import", text)
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed"}


@pytest.mark.parametrize(
    "where", ["title", "piece", "fabric", "photo", "note", "seam", "stage", "file", "cost", "scale"]
)
def test_hostile_names_stay_words(report_data, where):
    page = Page(render_report(hostile(report_data, where)))
    assert not page.faults
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert all((img["src"] or "").startswith("data:") for img in page.all("img"))
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    assert EVIL.split(">", maxsplit=1)[0] in page.words


def hostile(data: ReportData, where: str) -> ReportData:
    pattern, marker = data.pattern, data.marker
    piece = replace(pattern.pieces[0], name=EVIL)
    placement = replace(marker.placements[0], piece=EVIL)
    return {
        "title": replace(data, title=EVIL),
        "piece": replace(
            data,
            pattern=replace(pattern, pieces=(piece, *pattern.pieces[1:])),
            marker=replace(marker, placements=(placement, *marker.placements[1:])),
        ),
        "fabric": replace(data, marker=replace(marker, fabric=replace(marker.fabric, name=EVIL))),
        "photo": replace(data, notes=(PhotoNote(EVIL, "blur", "warn", "soft"),)),
        "note": replace(data, notes=(PhotoNote("", "few", "warn", EVIL),)),
        "seam": replace(
            data, pattern=replace(pattern, seams=(replace(pattern.seams[0], seam=EVIL),))
        ),
        "stage": replace(data, stages=((EVIL, 1.0),)),
        "file": replace(data, files=(CutFile(EVIL, f"patterns/{EVIL}"),)),
        "cost": replace(data, costs=((EVIL, "1"),)),
        "scale": replace(data, scale=replace(data.scale, notes=(EVIL,))),
    }[where]


def test_without_scale_the_top_says_so_and_nothing_can_be_cut(report_data):
    unscaled = Scale("none", float("nan"), float("nan"), float("nan"), 0)
    for scale in (None, unscaled):
        page = Page(render_report(replace(report_data, scale=scale)))
        assert "Not for cutting: no scale" in page.words
        top = page.words.index("Not for cutting: no scale")
        assert top < page.words.index("Pieces")
        assert not [a for a in page.all("a") if "pattern" in (a["href"] or "")]
        assert not re.search(r"\d\s*(mm|m|yd|in)\b|\d\"", page.words), "a length that looks right"
        assert "marker" not in {svg["class"] for svg in page.all("svg")}


def test_every_piece_seam_and_cut_file_is_there(report_data):
    page = Page(render_report(report_data))
    for piece in report_data.pattern.pieces:
        assert page.words.count(piece.name) >= 2, "in the table and on the marker"
    assert all(seam.seam in page.words for seam in report_data.pattern.seams)
    links = {a["href"] for a in page.all("a")}
    assert {file.href for file in report_data.files} <= links
    assert "525 × 475" in page.words, "the cut line of the top, in mm"
    assert '20 11/16" × 18 11/16"' in page.words
    assert "half face down" in page.words


def test_what_could_not_be_closed_is_read_before_anything_is_cut(report_data):
    doubt = "A region near x 0.10 is left out: no piece is cut for it."
    page = Page(render_report(replace(report_data, doubts=(doubt,))))
    assert page.words.index("Check before cutting") < page.words.index(doubt)
    assert page.words.index(doubt) < page.words.index("Pieces")


def test_half_a_character_in_a_name_does_not_stop_the_page(report_data, tmp_path):
    odd = replace(report_data, notes=(PhotoNote("IMG\udce9.jpg", "blur", "warn", "soft\x1e"),))
    write_report(tmp_path / "report.html", odd)
    assert "IMG?.jpg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_run_that_stopped_early_has_a_report(tmp_path):
    write_report(
        tmp_path / "report.html", ReportData("Chair", problems=("Only 3 photos are usable.",))
    )
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "Only 3 photos are usable." in page.words
    assert not page.faults
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({}, Level.CHECK, "past the gate, because: gathered at the zip"),
        ({}, Level.CHECK, "differ too much at seam S01"),
        ({"override": ""}, Level.STOP, "differ too much at seam S01"),
        ({"override": "", "sew_faults": (FAULT,)}, Level.STOP, "notches are 9 mm apart"),
        ({"sew_faults": (FAULT,)}, Level.CHECK, "notches are 9 mm apart"),
        ({"scale_percent": 0.6}, Level.CHECK, "6 mm off"),
        ({"scale_percent": 1.4}, Level.STOP, "1.4 %"),
        ({"scale_percent": float("nan")}, Level.STOP, "not known"),
        ({"files": ()}, Level.STOP, "No cut file"),
        ({"pattern": None}, Level.STOP, "no flat pieces"),
        ({"problems": ("The disk is full.",)}, Level.STOP, "The disk is full."),
    ],
)
def test_the_verdict_gives_its_reasons(report_data, change, level, words):
    change = dict(change)
    if "override" in change:
        change["pattern"] = replace(report_data.pattern, override=change.pop("override"))
    if "scale_percent" in change:
        percent = change.pop("scale_percent")
        change["scale"] = replace(report_data.scale, uncertainty_percent=percent)
    verdict = judge(replace(report_data, **change))
    assert verdict.level is level
    assert words in " ".join(verdict.reasons)


def test_cut_ready_only_when_nothing_is_doubtful(report_data):
    pattern = report_data.pattern
    good = replace(
        pattern,
        seams=pattern.seams[:1],
        override="",
        pieces=tuple(replace(piece, fit=Fit(0.9, 1.5, 2.0)) for piece in pattern.pieces),
        cloth=cloth_named("woven"),
    )
    assert judge(replace(report_data, pattern=good)).words == "Cut-ready"
    missing = replace(report_data, pattern=good, doubts=("A region is left out.",))
    assert judge(missing).level is Level.CHECK
    loose = replace(good, pieces=(replace(good.pieces[0], uncertainty_mm=11.0), *good.pieces[1:]))
    (reason,) = judge(replace(report_data, pattern=loose)).reasons
    assert f"piece {good.pieces[0].name} (± 11.0 mm)" in reason and "5 mm that you allow" in reason
    wide = replace(good.pieces[0], size_uncertainty_mm=(1.0, 6.0))
    (reason,) = judge(replace(report_data, pattern=replace(good, pieces=(wide,)))).reasons
    assert f"Check before cutting: piece {wide.name} (± 6.0 mm)" in reason
    easy = replace(good, pieces=(wide,), check_mm=8.0)
    assert judge(replace(report_data, pattern=easy)).words == "Cut-ready"
    apart = PhaseMatch("S01", "TOP", 0, "BOX", 0, 80.0, 80.0, matched=False)
    marker = replace(report_data.marker, matches=(apart, replace(apart, seam="S02", matched=True)))
    (reason,) = judge(replace(report_data, pattern=good, marker=marker)).reasons
    assert "does not match at seam S01:" in reason
    untold = replace(good, pieces=(replace(good.pieces[0], fit=None), *good.pieces[1:]))
    (reason,) = judge(replace(report_data, pattern=untold)).reasons
    assert f"must give on piece {good.pieces[0].name} is not known" in reason


@pytest.mark.parametrize(
    ("fit", "woven", "stretch"),
    [
        (Fit(0.9, 2.4, 9.0), True, True),
        (Fit(2.0, 2.4, 9.0), False, True),
        (Fit(0.9, 5.0, 9.0), False, True),
        (Fit(0.9, 2.4, 14.0), False, True),
        (Fit(3.5, 3.6, 1.0), False, False),
        (Fit(0.9, 6.5, 1.0), False, False),
    ],
)
def test_a_piece_is_judged_by_the_limits_of_its_own_cloth(report_data, fit, woven, stretch):
    pieces = tuple(replace(piece, fit=Fit(0.0, 0.0, 0.0)) for piece in report_data.pattern.pieces)
    pieces = (replace(pieces[0], fit=fit), *pieces[1:])
    for name, within in (("woven", woven), ("stretch", stretch)):
        pattern = replace(
            report_data.pattern, seams=(), override="", pieces=pieces, cloth=cloth_named(name)
        )
        said = judge(replace(report_data, pattern=pattern)).reasons
        assert (said == ()) is within, name
        assert within or f"{pieces[0].name} is rounder than {name} cloth likes" in said[0]
        assert strain_is_high(pieces[0], pattern.cloth) is not within


@pytest.mark.parametrize(
    ("a", "b", "off"),
    [(500, 500.9, False), (500, 501.1, True), (2080, 2084.0, False), (2080, 2084.4, True),
     (500, None, False), (500, float("nan"), True)],
)  # fmt: skip
def test_seams_differ_by_more_than_a_millimetre_and_a_500th(a, b, off):
    seam = SeamPair("S", "sewn", "A", "B" if b else None, float(a), b)
    assert seam_is_off(seam) is off


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.pdf", "a/../../b", "", "c\\d"])
def test_links_stay_below_the_report(path):
    with pytest.raises(ValueError, match="no path below"):
        CutFile("x", path)


def test_a_link_is_never_a_scheme():
    assert CutFile("x", "javascript:alert(1)").href == "./javascript%3Aalert%281%29"


def test_pictures_are_kept_small():
    noise = np.random.default_rng(1).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
    assert len(data_uri(Image.fromarray(noise))) < 600_000


def test_a_full_disk_leaves_the_old_report(small_disk: Path, report_data):
    path = small_disk / "report.html"
    path.write_text("old", encoding="utf-8")
    (small_disk / "filler").write_bytes(bytes(900_000))
    with pytest.raises(StorageError, match=r"report\.html could not be written"):
        write_report(path, report_data)
    assert path.read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in small_disk.iterdir()) == ["filler", "report.html"]


def test_the_whole_page_is_small(report_data, tmp_path):
    write_report(tmp_path / "report.html", report_data)
    assert (tmp_path / "report.html").stat().st_size < 6_000_000
    if folder := os.environ.get("STITCHSKETCH_LOOK"):
        write_report(Path(folder) / "report.html", report_data)
