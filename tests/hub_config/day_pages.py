"""What people do at the apps' pages in the course of a day, as steps for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
S = 60_000


class Pictures:
    """Screenshots of each step, as wide as a desk's and as a phone's screen."""

    def __init__(self, folder: Path, before: str) -> None:
        self._folder, self._before = folder, before

    def take(self, page: Any, name: str) -> None:
        """Take both; nothing may stick out of the narrow one."""
        for size, width in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size(width)
            page.wait_for_timeout(700)
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, (name, size, beyond)
            page.screenshot(path=self._folder / f"{self._before}-{name}-{size}.png")


def app(page: Any, url: str, name: str, **query: str) -> None:
    """Open one of the apps."""
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    page.goto(f"{url}/services/apps/voila/render/{name}.ipynb?{asked}")


def send_photos(page: Any, url: str, piece: str, photos: list[Path], pictures: Pictures) -> str:
    """Go through *New scan* up to the start, and start; the scan's identity."""
    app(page, url, "new_scan")
    page.get_by_label("Name of the piece").fill(piece, timeout=3 * S)
    pictures.take(page, "2-piece")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Print the mats at 100 %").wait_for(timeout=S)
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_text("No photos yet.").wait_for(timeout=S)
    page.locator("input[type=file]").first.set_input_files([str(one) for one in photos])
    count = len(photos)
    page.get_by_text(f"{count} of {count} photos sent.").wait_for(timeout=10 * S)
    pictures.take(page, "3-photos")
    page.get_by_role("button", name="Size and cloth").click()
    page.get_by_label("What a ruler says").fill("200", timeout=S)
    pictures.take(page, "4-size")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Start the run").click(timeout=5 * S)
    page.locator(".stage").first.wait_for(timeout=3 * S)
    return page.url.partition("scan=")[2].partition("&")[0]
