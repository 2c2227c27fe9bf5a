"""Help: illustrated pages, the same in the app and beside the source."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest
from stitchsketch_widgets.help_page import HELP, PAGES, HelpPage, page_html

from stitchsketch_kernel.domain.errors import SettingsError

#: Pictures stay small: they are in the repository and in each page.
_MOST_BYTES = 120_000


@pytest.fixture(scope="module")
def seen(see):
    opened = see("help.ipynb?page=photos")
    opened.page.get_by_role("heading", name="Mats and photos").wait_for()
    return opened


def test_the_pages_lead_to_each_other_and_survive_a_reload(see):
    seen = see("help.ipynb?page=photos")
    seen.page.get_by_role("link", name="Reading the pattern sheet").click()
    seen.page.get_by_role("heading", name="Reading the pattern sheet").wait_for()
    seen.page.reload(wait_until="commit")
    seen.page.get_by_role("heading", name="Reading the pattern sheet").wait_for()
    seen.page.get_by_role("link", name="Mats and photos").click()
    seen.page.get_by_role("heading", name="Mats and photos").wait_for()


def test_a_page_that_is_left_ends_its_kernel(see, voila):
    seen = see("help.ipynb?page=photos")
    seen.page.get_by_role("link", name="Reading the pattern sheet").wait_for()
    kernel = seen.page.evaluate(
        "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    )
    of_kernel = f"{voila}/api/kernels/{kernel}"
    assert seen.context.request.get(of_kernel).status == 200
    seen.page.goto("about:blank")
    for _ in range(100):
        if seen.context.request.get(of_kernel).status == 404:
            return
        time.sleep(0.2)
    raise AssertionError("the kernel is still there")


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_anybody_can_read_it_at_every_width(seen, voila, shots, width):
    seen.page.set_viewport_size({"width": width, "height": 844})
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    sizes = seen.page.locator("article img").evaluate_all("(all) => all.map((o) => o.naturalWidth)")
    assert len(sizes) == 3
    assert min(sizes) > 0
    assert seen.faults() == []
    assert (seen.outside(voila), seen.wrong) == ([], [])
    seen.page.screenshot(path=shots / f"help-{width}.png", full_page=True)


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_its_pictures_told_in_words_and_asks_for_nothing(page):
    source, html = (HELP / f"{page}.md").read_text(), page_html(page)
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", source)
    assert pictures
    for words, name in pictures:
        assert len(words) > 20
        assert 0 < (HELP / name).stat().st_size < _MOST_BYTES
    assert html.count('src="data:image/') == len(pictures) == html.count("<img")
    assert "<script" not in html


def test_the_readme_leads_to_each_page(repository: Path):
    readme = (repository / "README.md").read_text(encoding="utf-8")
    for page in PAGES:
        assert f"widgets/stitchsketch_widgets/texts/help/{page}.md" in readme


def test_a_page_that_there_is_none_of_is_said(built):
    with pytest.raises(SettingsError, match="no help of that name"):
        HelpPage("../en")


def test_the_hubs_pages_and_the_apps_have_the_same_mark(repository: Path):
    marks = [repository / "hub_config" / "mark.svg", repository / "widgets/src/shared/mark.svg"]
    content = [path.read_bytes() for path in marks]
    assert content[0] == content[1]
    template = "voila_apps/share/jupyter/voila/templates/stitchsketch/index.html.j2"
    page = (repository / template).read_text(encoding="utf-8")
    assert base64.b64encode(content[0]).decode() in page
