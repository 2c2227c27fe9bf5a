"""What stands in the customer's page, whoever named things; tests/widgets has it in a browser."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.cover.cloths import ClothDesign, built_in
from stitchsketch_kernel.visualization.cover.page import Offer, render_page, write_page


@pytest.fixture(scope="module")
def offer(table) -> Offer:
    fabric = replace(table.fabric, name="A </script><b>", price_per_metre=12.5)
    marker = Marker(fabric, (), 2000.0, 5.0, 0.7)
    still = np.zeros((30, 40, 3), dtype=np.uint8)
    return Offer(table, built_in(ClothDesign("plain"), fabric), marker, still, ("Note <i>",))


def test_a_script_that_holds_a_scripts_end_does_not_end_early(offer):
    page = render_page("T", "", [offer], None, None, 'const a = "</SCRIPT><b>", b = "<!--";')
    assert len(re.findall("</script", page, re.IGNORECASE)) == 2
    assert "\\x3c/SCRIPT" in page and "<!--" not in page
    assert "<i>" not in page and "A </script>" not in page


def test_it_tells_length_and_price_and_lets_nothing_in(offer):
    page = render_page("T", "2026-11-26", [offer], None, None, "")
    assert "2.00 m (2.19 yd)" in page and "25.00 EUR" in page
    assert "default-src 'none'" in page
    fabric = replace(offer.marker.fabric, price_per_metre=0.0)
    free = replace(offer, marker=replace(offer.marker, fabric=fabric))
    assert "EUR" not in render_page("T", "", [free], None, None, "")


def test_points_are_true_to_a_twentieth_of_a_millimetre(offer, table):
    old = Mesh(table.panels[0].points_m, table.panels[0].faces)
    page = render_page("T", "", [offer], old, None, "")
    data = json.loads(re.search(r'id="cover-data">(.*?)</script>', page, re.DOTALL)[1])
    mesh = data["mesh"]
    coded = np.frombuffer(base64.b64decode(mesh["points"]), dtype="<u2").reshape(-1, 3)
    points = np.array(mesh["low"]) + coded / 65535 * np.array(mesh["size"])
    wanted = np.vstack([panel.points_m for panel in table.panels])
    assert np.abs(points - wanted).max() < 5e-5
    faces = np.frombuffer(base64.b64decode(mesh["faces"]), dtype="<u4").reshape(-1, 3)
    assert faces.max() == len(points) - 1
    assert len(base64.b64decode(data["offers"][0]["uv"])) == 8 * len(points)
    assert data["old"]["colors"] is None


def test_a_page_that_cannot_be_written_is_said(offer, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"a\.html could not be written"):
        write_page(tmp_path / "file" / "a.html", "T", "", [offer], None, None, "")
