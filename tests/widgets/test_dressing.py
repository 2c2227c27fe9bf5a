"""The scan viewer's piece in a new cover, drawn in a real browser from what Python sends."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from stitchsketch_widgets.scan_state import Dressing, TexturedPart
from stitchsketch_widgets.scan_viewer import ScanViewer

from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.pipeline.looking import SeenScan
from stitchsketch_kernel.samples.crowned import BAND_M, CROWN_M, HALF_M, LIFT_M, crowned_cushion

HOSTILE = "<img src=x onerror=window.hurt=1>"
TOP = LIFT_M + BAND_M + CROWN_M
OF_JUPYTER = {"layout", "tabbable", "tooltip", "comm"}
#: A kernel's side of the line, as anywidget has it: state, messages and their bytes.
MODEL = """
async ([script, state]) => {
  const heard = new Map();
  const fire = (event, ...what) => (heard.get(event) ?? []).forEach((act) => act(...what));
  const codes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const bytes = (text) => new DataView(codes(text).buffer);
  const model = {
    get: (name) => state[name]?.bytes === undefined ? state[name] : bytes(state[name].bytes),
    set: (name, value) => { state[name] = value; },
    save_changes() {},
    on: (event, act) => heard.set(event, [...(heard.get(event) ?? []), act]),
    off: (event, act) => heard.set(event, (heard.get(event) ?? []).filter((one) => one !== act)),
    async send(message) {
      const { sent, now } = await window.toPython(message);
      for (const [content, buffers] of sent) fire("msg:custom", content, buffers.map(bytes));
      for (const [name, value] of Object.entries(now)) {
        if (JSON.stringify(state[name]) === JSON.stringify(value)) continue;
        state[name] = value;
        fire(`change:${name}`);
      }
    },
  };
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const place = document.body.appendChild(document.createElement("main"));
  (await import(url)).default.render({ model, el: place });
}
"""


def synced(viewer: ScanViewer) -> dict:
    """What a page knows of a widget's traitlets."""
    names = [name for name in viewer.traits(sync=True) if not name.startswith("_")]
    told = {name: getattr(viewer, name) for name in names if name not in OF_JUPYTER}
    return json.loads(
        json.dumps(told, default=lambda one: {"bytes": base64.b64encode(one).decode()})
    )


@pytest.fixture(scope="module")
def dressed(built, chromium):
    """A page with a cushion whose new cover is red behind and blue in front."""
    mesh = crowned_cushion(0.008).mesh
    picture = io.BytesIO()
    cloth = Image.new("RGB", (8, 8), (200, 0, 0))
    cloth.paste((0, 0, 200), (0, 4, 8, 8))
    cloth.save(picture, "PNG")
    places = (mesh.vertices[:, :2] + HALF_M) / (2 * HALF_M) * 0.98 + 0.01
    part = TexturedPart(mesh.vertices, mesh.faces, places, picture.getvalue())
    scale = Scale("mat", 1.0, 0.2, 0.1, 8)
    scan = SeenScan(mesh, scale, ScanErrors(scale.uncertainty_percent))
    viewer = ScanViewer(scan, dressings=[Dressing(HOSTILE, [part])])

    def answer(message: dict) -> dict:
        sent = []
        viewer.send = lambda content, buffers=(): sent.append(
            [content, [base64.b64encode(one).decode() for one in buffers]]
        )
        viewer._on_message(viewer, message, [])
        return {"sent": sent, "now": synced(viewer)}

    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    wrong, asked = [], []
    page.on("pageerror", lambda one: wrong.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    page.expose_function("toPython", answer)
    page.add_style_tag(content=(built / "scan_viewer.css").read_text())
    script = (built / "scan_viewer.js").read_text()
    page.evaluate(MODEL, [script, synced(viewer)])
    page.wait_for_function(
        "() => document.querySelector('.scan-viewer')?.screen?.levels"
        "?.geometries.every((one) => one !== null)"
    )
    page.get_by_role("button", name="Top", exact=True).click()
    yield page, wrong, asked
    context.close()


def colour(page, place) -> np.ndarray:
    """What is drawn where a place of the piece is."""
    viewer = "document.querySelector('.scan-viewer').screen"
    at = page.evaluate(f"(place) => {viewer}.scene.pixel(place)", place)
    page.wait_for_timeout(300)
    shot = Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB")
    return np.array(shot.getpixel((at["x"], at["y"]))).astype(int)


def test_the_piece_is_drawn_in_its_new_cover_the_right_way_up(dressed, shots):
    page, wrong, asked = dressed
    behind, front = ([0.0, sign * float(HALF_M[1]) / 2, TOP] for sign in (1, -1))
    assert np.ptp(colour(page, front)) < 60
    skins = page.get_by_label("Surface")
    skins.select_option(label=HOSTILE)
    page.wait_for_function(
        "() => document.querySelector('.scan-viewer').screen.dressings.get(0)?.visible"
    )
    red, blue = colour(page, behind), colour(page, front)
    for width, name in ((1280, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(400)
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        page.screenshot(path=shots / f"dressing-{name}.png")
    page.set_viewport_size({"width": 1280, "height": 900})
    assert red[0] > red[2] + 60, red
    assert blue[2] > blue[0] + 60, blue
    assert page.evaluate("window.hurt") is None and page.locator("img").count() == 0
    skins.select_option("plain")
    page.wait_for_timeout(200)
    assert np.ptp(colour(page, front)) < 60
    assert wrong == [] and [one for one in asked if not one.startswith(("blob:", "data:"))] == []
