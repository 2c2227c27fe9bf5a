"""The tree is the architecture: who may know whom, and how long a file may be."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

COMPUTE = ("imaging", "reconstruction", "upholstery", "visualization")
KEEP = ("projects", "users", "storage")

#: room -> the rooms it may import from (itself always).
MAY_KNOW: dict[str, set[str]] = {
    "domain": set(),
    "disk": {"domain"},
    **{room: {"domain", "disk"} for room in (*COMPUTE, *KEEP)},
    "samples": {"domain", "disk", "imaging"},
    "stores": {"domain", "disk", *KEEP},
    "pipeline": {"domain", "disk", *COMPUTE, *KEEP, "stores"},
    # people and machines come in by the gateway; it looks at photos, and leaves computing alone
    "gateway": {"domain", "imaging", *KEEP, "stores"},
    "client": {"domain", *KEEP},
    # screens show what the other rooms compute and keep
    "widgets": {"domain", "disk", *COMPUTE, *KEEP, "stores", "client", "pipeline"},
    "cli": {"domain", "disk", *COMPUTE, *KEEP, "stores", "pipeline", "samples", "gateway"},
}
#: within upholstery, in the order of the data: each may know those before it.
UPHOLSTERY = (
    "geometry", "seams", "flat", "pieces", "sure", "marker", "prototype", "quote", "export",
)  # fmt: skip
#: compute rooms take and return values: none of these may be imported there.
KEPT_OUT = {
    "sqlalchemy", "papermill", "nbclient", "ipywidgets", "pymongo", "minio", "IPython", "fastapi",
    "httpx",
}  # fmt: skip


def modules(kernel: Path) -> list[Path]:
    return sorted(path for path in kernel.rglob("*.py") if path.parent != kernel)


def room_of(path: Path, kernel: Path) -> str:
    return path.relative_to(kernel).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute, so that walls are seen"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_each_room_knows_only_whom_it_may(repository):
    kernel = repository / "stitchsketch_kernel"
    faults = []
    screens = (repository / "widgets" / "stitchsketch_widgets").rglob("*.py")
    for path in [*modules(kernel), *screens]:
        of_kernel = path.is_relative_to(kernel)
        room = room_of(path, kernel) if of_kernel else "widgets"
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "stitchsketch_kernel" or len(parts) < 2:
                continue
            other = parts[1]
            if other != room and other not in MAY_KNOW[room]:
                faults.append(f"{path.relative_to(repository)} imports {name}")
    assert not faults, "\n".join(faults)


def test_upholstery_goes_one_way(repository):
    folder = repository / "stitchsketch_kernel" / "upholstery"
    assert {path.name for path in folder.iterdir() if path.name[0] not in "_."} == set(UPHOLSTERY)
    faults = []
    for at, room in enumerate(UPHOLSTERY):
        for path in (folder / room).rglob("*.py"):
            for name in imported(path):
                parts = name.split(".")
                if parts[:2] == ["stitchsketch_kernel", "upholstery"] and (
                    parts[2] not in UPHOLSTERY[: at + 1]
                ):
                    faults.append(f"{path.relative_to(repository)} imports {name}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("room", [*COMPUTE, "domain", "samples"])
def test_computing_takes_and_returns_values(repository, room):
    kernel = repository / "stitchsketch_kernel"
    for path in (kernel / room).rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & KEPT_OUT, f"{path.relative_to(repository)} knows {roots & KEPT_OUT}"


def test_no_files_import_each_other_in_a_circle(repository):
    kernel = repository / "stitchsketch_kernel"
    # a package's face only hands names on
    files = {
        ".".join(path.relative_to(repository).with_suffix("").parts): path
        for path in modules(kernel)
        if path.name != "__init__.py"
    }
    graph = {
        name: {other for one in imported(path) for other in (one, one.rpartition(".")[0])}
        & files.keys() - {name}
        for name, path in files.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from error


def test_the_kernel_knows_no_screen(repository):
    for path in (repository / "stitchsketch_kernel").rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"stitchsketch_widgets", "anywidget", "voila"}, path


def test_files_stay_readable(repository):
    long = {
        str(path.relative_to(repository)): lines
        for folder in ("stitchsketch_kernel", "tests", "benchmarks", "hub_config", "widgets")
        for path in (repository / folder).rglob("*.py")
        if "node_modules" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 330
    }
    assert not long, f"about 300 lines a file: {long}"


def test_the_top_level_is_the_one_agreed_on(repository):
    for name in (
        "notebooks", "stitchsketch_kernel", "widgets", "hub_config", "voila_apps", "tests",
        "jupyterhub_config.py", "pyproject.toml", "README.md",
    ):  # fmt: skip
        assert (repository / name).exists(), name
