"""Photos dropped into a page as a person would, for the tests of several screens."""

from __future__ import annotations

import base64

from stitchsketch_kernel.projects.records import Project, Scan

DROP = """
([zone, files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
  zone.dispatchEvent(new DragEvent("drop", how));
}
"""


def new_scan(projects, shop="local") -> Scan:
    project = projects.add_project(Project(shop, "Stool"))
    return projects.add_scan(shop, Scan(project.id, "Scan 1"))


def drop(page, files: dict[str, bytes]) -> None:
    zone = page.locator(".photo-drop .zone").element_handle()
    told = [[name, base64.b64encode(data).decode()] for name, data in files.items()]
    page.evaluate(DROP, [zone, told])


def photos_of(scan) -> str:
    return f"new_scan.ipynb?scan={scan.id}&step=photos"


def wide(page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
