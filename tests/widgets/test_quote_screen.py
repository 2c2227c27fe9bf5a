"""Fabric and quote's Python side: the gate, and messages that make no sense."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from laid_run import laid_run, unsewable
from stitchsketch_widgets.fabric_quote import FabricQuote
from stitchsketch_widgets.marker_view import MarkerView
from stitchsketch_widgets.quote_state import form_of
from stitchsketch_widgets.texts import text

from stitchsketch_kernel.domain.marker import Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.offers import first_offer


@pytest.fixture
def screen(tmp_path):
    """The app's Python side on a run whose pieces don't sew together."""
    folder = laid_run(tmp_path / "job")
    path = folder / "stages" / "07_flatten" / "pattern.npz"
    write_value(path, unsewable(read_value(path, Pattern)))
    offer = first_offer(folder)
    view = MarkerView(offer.part(0), None, offer.chosen.nest)
    form = FabricQuote(folder, "a" * 32, offer, view)
    sent = []
    form.send = lambda content, buffers=None: sent.append((content, buffers))
    yield SimpleNamespace(form=form, view=view, sent=sent, folder=folder)
    form.close()
    view.close()


def ask(widget, **what):
    widget._on_message(widget, {**what, "number": widget.answered + 1}, [])


def test_what_does_not_sew_is_given_out_only_with_a_persons_reason(screen):
    form = screen.form
    assert form.results["faults"]
    ask(form, do="file", name="pattern.dxf")
    assert form.message["kind"] == "error"
    assert "say why" in form.message["text"]
    assert screen.sent == []
    ask(form, do="override", reason="  ")
    ask(form, do="file", name="pattern.dxf")
    assert screen.sent == []
    ask(form, do="override", reason="gathered by hand")
    ask(form, do="file", name="pattern.dxf")
    [(content, [data])] = screen.sent
    assert content == {"file": "cushion-pattern.dxf"}
    assert b"gathered by hand" in data
    ask(form, do="override", reason="")
    ask(form, do="file", name="pattern.dxf")
    assert len(screen.sent) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"do": "file", "name": "../run.json"}, {"do": "compute", "form": {}}, {"do": "show"},
        {"do": "show", "cloth": 7}, {"do": "steal"}, {}, [], "x", {"do": "override"},
    ],
)  # fmt: skip
def test_a_message_that_makes_no_sense_changes_nothing(screen, message):
    before = screen.form.offer
    screen.form._on_message(screen.form, message, [])
    assert screen.form.message["kind"] == "error"
    assert screen.form.offer is before
    assert screen.sent == []


@pytest.mark.parametrize(
    "message",
    [
        {"do": "move", "piece": "CUSH", "copy": 0, "x_mm": "NaN", "y_mm": 0},
        {"do": "move", "piece": "NONE", "copy": 0, "x_mm": 0, "y_mm": 0},
        {"do": "pin", "pinned": [["CUSH", 3]]}, {"do": "nest", "seconds": 0}, {"do": "turn"},
    ],
)  # fmt: skip
def test_a_move_that_makes_no_sense_changes_no_marker(screen, message):
    before = screen.view.marker
    screen.view._on_message(screen.view, {**message, "number": 1}, [])
    assert screen.view.message["kind"] == "error"
    assert screen.view.marker is before


def test_a_roll_that_ends_is_read_from_the_form_and_back(screen):
    form = dict(screen.form.form)
    assert form["cloths"][0]["roll_mm"] == 0  # bought by length
    assert screen.form._chosen(form).cloths[0].roll_length_mm == math.inf
    form["cloths"] = [{**form["cloths"][0], "roll_mm": 2500.0}]
    chosen = screen.form._chosen(form)
    assert (chosen.cloths[0].roll_length_mm, form_of(chosen)["cloths"]) == (2500.0, form["cloths"])
    form["cloths"] = [{**form["cloths"][0], "roll_mm": -1.0}]
    ask(screen.form, do="compute", form=form)
    assert screen.form.message["text"].startswith("Left on the roll")


def test_what_lies_beyond_the_rolls_end_is_named_as_it_is_moved(screen):
    view = screen.view
    used_mm = view.marker.used_length_mm
    view.show_marker(screen.form.offer.part(0), view.marker, None, used_mm)
    assert (view.figures["roll_mm"], view.figures["beyond"]) == (used_mm, [])
    last = max(view.marker.placements, key=lambda one: one.x_mm)
    ask(view, do="move", piece=last.piece, copy=last.copy, x_mm=last.x_mm + 40, y_mm=last.y_mm)
    assert view.message == {}
    assert any(name.startswith(last.piece) for name in view.figures["beyond"])


def test_defects_of_the_roll_are_kept_clear(screen):
    form = dict(screen.form.form)
    form["cloths"] = [{**form["cloths"][0], "defects": [[100.0, 200.0, 0.0, 40.0]]}]
    ask(screen.form, do="compute", form=form)
    assert screen.form.message["text"].startswith(text("offer.bad_defect"))
    chosen = screen.form._chosen(
        {**form, "cloths": [{**form["cloths"][0], "defects": [[100.0, 200.0, 30.0, 40.0]]}]}
    )
    assert chosen.cloths[0].zones == (Zone(100.0, 200.0, 30.0, 40.0),)
