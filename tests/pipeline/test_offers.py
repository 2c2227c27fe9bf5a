"""An offer begins with the run's own cloth, is laid, kept, opened again, and cut by its gate."""

from __future__ import annotations

import io
from dataclasses import replace

import ezdxf
import numpy as np
import pypdfium2
import pytest
from laid_run import SETTINGS, TWILL, laid_run, unsewable

from stitchsketch_kernel.domain.errors import (
    ExportError,
    NotKeptError,
    RunError,
    SettingsError,
    SewError,
)
from stitchsketch_kernel.domain.marker import Fabric, MatchLevel, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.choices import CHOICES, keep_choices, read_choices
from stitchsketch_kernel.pipeline.offer import Lay
from stitchsketch_kernel.pipeline.offers import (
    choose_for_next_run,
    file_of,
    first_offer,
    keep_offer,
    pattern_to_cut,
    quote_record,
    read_offer,
)
from stitchsketch_kernel.pipeline.starting import asked_again
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.upholstery.marker.rolls import Cloth

IDENTITY = "0123456789abcdef" * 2
MM_PER_POINT = 25.4 / 72


@pytest.fixture
def folder(tmp_path):
    return laid_run(tmp_path)


@pytest.fixture
def crooked(folder):
    """The same run with a seam whose sides don't sew together; its own marker laid the pieces."""
    path = folder / "stages" / "07_flatten" / "pattern.npz"
    write_value(path, unsewable(read_value(path, Pattern)))
    return folder


def test_it_begins_with_the_runs_own_cloth_and_marker(folder):
    offer = first_offer(folder)
    [cloth] = offer.chosen.cloths
    assert cloth.fabric == TWILL
    assert offer.chosen.nest.seconds == 1
    assert len(offer.markers[0].placements) == 3
    assert offer.quote().cloths[0].metres_to_buy == 1.0
    assert offer.quote().total == 20.0


def test_a_run_that_has_nested_nothing_begins_without_a_marker(tmp_path):
    offer = first_offer(laid_run(tmp_path, nested=False))
    assert offer.markers == (None,)
    with pytest.raises(RunError, match="not laid"):
        offer.quote()
    with pytest.raises(RunError, match="not laid"):
        file_of(offer, "marker.pdf")


def test_a_marker_of_other_pieces_is_not_taken_for_the_runs(folder):
    path = folder / "stages" / "07_flatten" / "pattern.npz"
    pattern = read_value(path, Pattern)
    write_value(path, replace(pattern, pieces=pattern.pieces[:2]))
    assert first_offer(folder).markers == (None,)


def test_each_cloth_is_laid_with_its_own_pieces_and_only_the_face_is_matched(folder):
    offer = first_offer(folder)
    damask = Fabric("Damask", 1400.0, 1370.0, True, 40.0, "EUR", 343.0, 300.0)
    under = Fabric("Cambric", 900.0, 880.0, price_per_metre=5.0)
    chosen = replace(
        offer.chosen,
        cloths=(Cloth(damask), Cloth(under, ("BOX-2",), match=MatchLevel.NONE)),
        nest=replace(offer.chosen.nest, match="visible_seams"),
        compare=False,
    )
    laid = Lay(pattern_to_cut(folder, chosen), chosen).go(silent)
    face, lining = laid.markers
    assert {one.piece for one in face.placements} == {"CUSH", "BOX"}
    assert {one.piece for one in lining.placements} == {"BOX-2"}
    assert (face.match, lining.match) == (MatchLevel.VISIBLE, MatchLevel.NONE)
    bought = [one.metres_to_buy for one in laid.quote().cloths]
    assert laid.quote().total == pytest.approx(40.0 * bought[0] + 5.0 * bought[1])
    keep_offer(folder, IDENTITY, laid)
    again = read_offer(folder, IDENTITY)
    assert again.markers == laid.markers
    assert again.chosen == laid.chosen
    assert [one.name for one in again.pattern.pieces] == [one.name for one in laid.pattern.pieces]
    record = quote_record("run", IDENTITY, again)
    assert record.total_minor == round(100 * laid.quote().total)
    assert [one["pieces"] for one in record.document["cloths"]] == [["BOX", "CUSH"], ["BOX-2"]]


@pytest.mark.parametrize("identity", ["../../secret", "", "0" * 31, "G" * 32, f"{IDENTITY}/x"])
def test_an_address_opens_no_other_file(folder, identity):
    with pytest.raises(NotKeptError, match="no such quote"):
        read_offer(folder, identity)
    with pytest.raises(NotKeptError, match="no such quote"):
        keep_offer(folder, identity, first_offer(folder))


def test_files_have_the_marker_at_full_size(folder):
    offer = first_offer(folder)
    with pypdfium2.PdfDocument(io.BytesIO(file_of(offer, "marker.pdf"))) as document:
        long, wide = (MM_PER_POINT * side for side in document[0].get_size())
    marker = offer.markers[0]
    assert long == pytest.approx(marker.used_length_mm, abs=60)
    assert wide > marker.fabric.usable_width_mm
    dxf = ezdxf.read(io.StringIO(file_of(offer, "pattern.dxf").decode("ascii"), newline=None))
    sizes = [
        np.ptp(np.array([v.dxf.location.vec2 for v in line.vertices], dtype=float), axis=0)
        for block in dxf.blocks
        for line in block.query('POLYLINE[layer=="1"]')
    ]
    for piece in offer.pattern.pieces:
        want = np.ptp(piece.cut_line_mm, axis=0)
        assert any(np.abs(size - want).max() < 0.05 for size in sizes), piece.name
    with pytest.raises(ExportError, match="no cut file"):
        file_of(offer, "../run.json")


def test_what_does_not_sew_is_cut_only_with_a_reason_that_is_printed(crooked):
    offer = first_offer(crooked)
    assert offer.faults()
    for name in ("quote.pdf", "pattern.dxf", "marker.plt"):
        with pytest.raises(SewError, match="say why"):
            file_of(offer, name)
    nest = replace(offer.chosen.nest, override_gate="gathered by hand")
    chosen = replace(offer.chosen, nest=nest)
    past = replace(offer, chosen=chosen, pattern=pattern_to_cut(crooked, chosen))
    assert past.faults()
    for name in ("quote.pdf", "marker.pdf"):
        with pypdfium2.PdfDocument(io.BytesIO(file_of(past, name))) as document:
            assert "gathered by hand" in document[0].get_textpage().get_text_range()
    assert b"gathered by hand" in file_of(past, "pattern.dxf")


def test_a_reason_marks_no_pattern_that_sews(folder):
    offer = first_offer(folder)
    nest = replace(offer.chosen.nest, override_gate="just in case")
    assert pattern_to_cut(folder, replace(offer.chosen, nest=nest)).override == ""


def test_the_next_run_takes_what_was_chosen(folder):
    offer = first_offer(folder)
    damask = Fabric("Damask", 1400.0, 1370.0, True, 40.0, "GBP", 343.0, 300.0, half_drop=True)
    nest = replace(offer.chosen.nest, match="all_seams", railroad=True)
    cloth = Cloth(damask, zones=(Zone(100.0, 200.0, 30.0, 40.0),), roll_length_mm=2500.0)
    choose_for_next_run(
        folder, replace(offer.chosen, cloths=(cloth,), nest=nest, stretch="stretch")
    )
    _, asked = asked_again(folder, KeptAs())
    assert asked.values["densify.pixels"] == SETTINGS["densify.pixels"]
    told = {name: asked.values[name] for name in ("nest.match", "nest.railroad", "flatten.cloth")}
    assert told == {"nest.match": "all_seams", "nest.railroad": True, "flatten.cloth": "stretch"}
    assert asked.values["fabric.name"] == "Damask"
    assert asked.values["fabric.half_drop"] is True
    assert asked.values["fabric.defects_mm"] == [[100.0, 200.0, 30.0, 40.0]]
    assert asked.values["fabric.roll_length_mm"] == 2500.0
    choose_for_next_run(folder, replace(offer.chosen, cloths=(Cloth(damask),)))
    assert asked_again(folder, KeptAs())[1].values["fabric.roll_length_mm"] == 0.0


def test_a_choice_that_can_not_be_is_refused_and_nothing_kept(folder):
    with pytest.raises(SettingsError):
        keep_choices(folder, {"fabric.width_mm": 100.0, "fabric.usable_width_mm": 200.0})
    assert not (folder / CHOICES).exists()
    assert read_choices(folder) == {}
