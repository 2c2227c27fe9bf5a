"""The command line's part for what a shop keeps: ``check``, ``figures`` and ``project``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.cli.progress import progress_bar
from stitchsketch_kernel.domain.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from stitchsketch_kernel.projects.records import Project
    from stitchsketch_kernel.stores import Stores


def add_commands(commands: Any) -> None:
    """Add the commands to the program's."""
    check = commands.add_parser("check", help="find what the stores have lost or left over")
    check.set_defaults(do=_check)
    check.add_argument(
        "--mend", action="store_true", help="remove what is left over, send what waits"
    )
    figures = commands.add_parser("figures", help="the figures of all runs as one table")
    figures.set_defaults(do=_figures)
    figures.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    _add_shop(figures)
    _add_project(commands)


def _add_project(commands: Any) -> None:
    project = commands.add_parser("project", help="list, export, import, delete, purge")
    what = project.add_subparsers(required=True, metavar="WHAT")
    for name, do, told in (
        ("list", _list, "the projects, newest first"),
        ("export", _export, "one project with its photos and files to one file"),
        ("import", _import, "a project from such a file"),
        ("delete", _delete, "out of the list; it can be restored until it is purged"),
        ("restore", _restore, "take a deletion back"),
        ("purge", _purge, "remove a deleted project and its files for good"),
    ):
        command = what.add_parser(name, help=told)
        command.set_defaults(do=do)
        _add_shop(command)
        if name == "import":
            command.add_argument("file", type=Path, metavar="FILE")
        elif name != "list":
            command.add_argument("project", metavar="PROJECT", help="its name or identity")
        if name == "export":
            command.add_argument("--out", type=Path, required=True, metavar="FILE")
        if name == "list":
            command.add_argument("--deleted", action="store_true", help="those that are deleted")


def _add_shop(command: argparse.ArgumentParser) -> None:
    command.add_argument("--shop", default="", help="another than STITCHSKETCH_SHOP names")


def _open(given: argparse.Namespace) -> tuple[Stores, str]:
    from stitchsketch_kernel.stores import open_stores

    stores = open_stores()
    return stores, getattr(given, "shop", "") or stores.settings.shop


def _check(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.pipeline.outbox import tell_left_behind
    from stitchsketch_kernel.stores.checking import check, mend

    stores, _ = _open(given)
    with stores:
        if given.mend and (told := tell_left_behind(stores)):
            print(f"{told} runs that were not wholly told are kept now.")
        found = check(stores)
        lost = 0
        for one in found:
            for sentence in one.sentences():
                print(sentence)
            lost += len(one.dangling)
            if given.mend and (one.orphaned or one.leftovers):
                mend(stores, one)
                print(f"{one.shop}: what was left over is removed.")
        if lost:
            raise StorageError(
                f"{lost} stored files are lost.", "They are named above, with what to do."
            )
        if all(one.is_sound for one in found):
            print(f"All is sound: {len(found)} shops, nothing lost, nothing left over.")


def _figures(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.disk.aside import write_bytes
    from stitchsketch_kernel.pipeline.files import disk_in_words
    from stitchsketch_kernel.stores.figures import figures_table

    stores, shop = _open(given)
    with stores:
        table = figures_table(stores.projects, shop)
    with disk_in_words(given.out.resolve().parent):
        write_bytes(given.out, table.to_csv(index=False).encode())
    print(f"{len(table)} stages of {table['run'].nunique()} runs: {given.out}")


def _list(given: argparse.Namespace) -> None:
    stores, shop = _open(given)
    with stores:
        projects = stores.projects
        found = projects.deleted_projects(shop) if given.deleted else projects.projects(shop)
    for one in found:
        print(f"{one.id}  {one.created:%Y-%m-%d}  {one.name}")


def _export(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.stores.exporting import export_project

    stores, shop = _open(given)
    with stores, progress_bar() as progress:
        project = _named(stores.projects.projects(shop), given.project)
        export_project(stores, shop, project.id, given.out, progress)
    print(f"{project.name}: {given.out} ({given.out.stat().st_size / 1e6:.1f} MB)")


def _import(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.stores.importing import import_project

    stores, shop = _open(given)
    with stores, progress_bar() as progress:
        project = import_project(stores, shop, given.file, progress)
    print(f"{project.name}: imported as {project.id}")


def _delete(given: argparse.Namespace) -> None:
    stores, shop = _open(given)
    with stores:
        project = _named(stores.projects.projects(shop), given.project)
        stores.projects.delete_project(shop, project.id)
    print(f"{project.name}: deleted. 'stitchsketch project restore {project.id}' takes it back.")


def _restore(given: argparse.Namespace) -> None:
    stores, shop = _open(given)
    with stores:
        project = _named(stores.projects.deleted_projects(shop), given.project)
        stores.projects.restore_project(shop, project.id)
    print(f"{project.name}: restored.")


def _purge(given: argparse.Namespace) -> None:
    from stitchsketch_kernel.stores.purging import purge_project

    stores, shop = _open(given)
    with stores:
        project = _named(stores.projects.deleted_projects(shop), given.project)
        count = purge_project(stores, shop, project.id)
    print(f"{project.name}: removed for good, with {count} stored files.")


def _named(projects: list[Project], asked: str) -> Project:
    """The one project of that name or identity."""
    found = [one for one in projects if asked in {one.id, one.name}]
    if not found:
        raise SettingsError(
            f"There is no project {asked!r} here.", "'stitchsketch project list' shows them."
        )
    if len(found) > 1:
        raise SettingsError(
            f"{len(found)} projects are called {asked!r}.",
            "Give the identity that 'stitchsketch project list' shows.",
        )
    return found[0]
