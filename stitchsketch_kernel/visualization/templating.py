"""The templates of the pages that are made whole, in one file each."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from jinja2 import BaseLoader, Environment, StrictUndefined, Template


def asset(name: str) -> str:
    """A file of the folder ``templates``, as text."""
    folder = resources.files("stitchsketch_kernel.visualization") / "templates"
    return (folder / name).read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def template(name: str) -> Template:
    """A page's template; what is put in is escaped, and a value that is missing is an error."""
    environment = Environment(
        loader=BaseLoader(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(asset(name))
