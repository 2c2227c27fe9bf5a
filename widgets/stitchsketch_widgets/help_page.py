"""Help: one illustrated page each, the same in the app and in the repository."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import anywidget
import traitlets

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.texts import CATALOGUE, text, texts

#: The pages as Markdown, with their drawings (SVG) and screenshots (WebP, which tests renew).
HELP = CATALOGUE.parent / "help"
#: In the order in which they are wanted.
PAGES = ("photos", "tape", "sheet")
_KINDS = {".svg": "image/svg+xml", ".webp": "image/webp"}


class HelpPage(anywidget.AnyWidget):
    """A page of help, with the way to the others.

    Parameters
    ----------
    page : str
        One of `PAGES`.

    Raises
    ------
    SettingsError
        There is no such page.
    """

    _esm = built("help_page.js")
    _css = built("help_page.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    page = traitlets.Unicode(help="which of the pages").tag(sync=True)
    html = traitlets.Unicode(help="of the page; nothing in it is a person's").tag(sync=True)

    def __init__(self, page: str = PAGES[0]) -> None:
        if page not in PAGES:
            raise SettingsError(text("help.none"), text("help.none_todo"))
        super().__init__(texts=texts("help"), page=page, html=page_html(page))


def page_html(page: str) -> str:
    """A page as HTML, its pictures within it: it asks for nothing else."""
    import mistune  # what Voilà itself reads Markdown with

    source = (HELP / f"{page}.md").read_text(encoding="utf-8")
    return re.sub(r'src="([\w.-]+)"', _embedded, str(mistune.html(source)))


def _embedded(found: re.Match[str]) -> str:
    path: Path = HELP / found[1]
    content = base64.b64encode(path.read_bytes()).decode()
    return f'src="data:{_KINDS[path.suffix]};base64,{content}"'
