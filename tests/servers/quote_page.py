"""The page *Fabric and quote* with its marker, as a person uses it."""

from __future__ import annotations

from pathlib import Path

PAGE, BOARD = ".fabric-quote", ".marker-view"


class Quote:
    """A page with the app, as a person uses it."""

    #: Its screens, which answer each for itself.
    places = (PAGE, BOARD)

    def __init__(self, seen) -> None:
        self.seen, self.page = seen, seen.page
        self.page.wait_for_selector(f"{PAGE} .field")
        self.page.wait_for_selector(f"{BOARD} .pick")
        self.page.wait_for_timeout(300)

    def settle(self) -> None:
        """All that was asked is answered and shown."""
        for place in self.places:
            self.page.wait_for_function(
                "(place) => { const r = document.querySelector(place);"
                " return (r.dataset.asked ?? '0') === r.dataset.answered; }",
                arg=place,
            )
        self.page.wait_for_timeout(60)

    def wait(self, place: str = PAGE) -> None:
        """What is at work is done."""
        self.page.wait_for_selector(f"{place}[aria-busy=true]")
        self.page.wait_for_selector(f"{place}[aria-busy=false]", timeout=300_000)
        self.settle()

    def press(self, name: str, place: str = PAGE) -> None:
        self.page.locator(place).get_by_role("button", name=name, exact=True).click()

    def said(self, place: str = PAGE) -> str:
        return self.page.locator(f"{place} .said").inner_text()

    def results(self):
        return self.page.evaluate("(p) => document.querySelector(p).screen.get('results')", PAGE)

    def marker(self, name: str):
        return self.page.evaluate(
            "(name) => document.querySelector('.marker-view').screen.get(name)", name
        )

    def lies(self, key: str) -> tuple[float, float]:
        [one] = [c for c in self.marker("copies") if f"{c['piece']} {c['copy']}" == key]
        return one["x_mm"], one["y_mm"]

    def download(self, name: str) -> bytes:
        with self.page.expect_download() as begun:
            self.press(name)
        return Path(begun.value.path()).read_bytes()

    def compute(self, **choices) -> None:
        for label, value in {"Search for": "1", **choices}.items():
            field = self.page.locator(PAGE).get_by_label(label, exact=True)
            if field.evaluate("(one) => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
                field.blur()
        self.press("Compute marker and price")
        self.wait()
