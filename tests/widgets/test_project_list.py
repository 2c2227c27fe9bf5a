"""*My projects*: what a shop has, found and opened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stitchsketch_kernel.projects.records import Project


@pytest.fixture(scope="module")
def seen(see, place):
    added = Project(
        "local", "Wing chair", customer="Ann Smith", created=datetime(2030, 1, 2, tzinfo=UTC)
    )
    place.stores.projects.add_project(added)
    opened = see("projects.ipynb")
    opened.page.get_by_role("heading", name="Wing chair").wait_for()
    return opened


def names(seen) -> list[str]:
    return seen.page.locator(".project h2").all_inner_texts()


def test_only_the_shops_own_projects_are_listed_the_newest_first(seen):
    assert names(seen) == ["Wing chair", "Cushion"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("smith", ["Wing chair"]),
        ("cush", ["Cushion"]),
        ("sofa", []),
        ("", ["Wing chair", "Cushion"]),
    ],
)
def test_a_project_is_found_by_what_it_is_called_or_whose_it_is(seen, word, found):
    seen.page.get_by_label("Search").fill(word)
    assert names(seen) == found


def test_a_project_that_is_added_meanwhile_appears(seen, place):
    added = place.stores.projects.add_project(Project("local", "Stool"))
    seen.page.get_by_role("heading", name="Stool").wait_for()
    place.stores.projects.delete_project("local", added.id)
    seen.page.get_by_role("heading", name="Stool").wait_for(state="detached")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_list_is_for_everybody_at_every_width(seen, voila, shots, width):
    seen.page.set_viewport_size({"width": width, "height": 844})
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert seen.faults() == []
    assert (seen.outside(voila), seen.wrong) == ([], [])
    seen.page.screenshot(path=shots / f"projects-{width}.png")


def test_a_project_leads_to_its_run(seen, place):
    with seen.page.expect_navigation(wait_until="commit"):
        seen.page.get_by_role("link", name="Progress: Cushion").click()
    seen.page.get_by_role("heading", name="Run of Cushion").wait_for()
    assert f"run={place.run.id}" in seen.page.url
