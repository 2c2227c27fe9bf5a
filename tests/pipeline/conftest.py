"""Three small stages with real notebooks and real kernels, told by files how to behave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from stitchsketch_kernel.pipeline.runner import RunSettings, run
from stitchsketch_kernel.pipeline.stage import stage_of

COMMON = """
    from __future__ import annotations
    import json, os, sys, time
    from dataclasses import dataclass
    from pathlib import Path
    from stitchsketch_kernel.domain import errors
    from stitchsketch_kernel.pipeline.context import refusal

    @dataclass(frozen=True)
    class Knob:
        turn: int = 1
        word: str = "plain"

    def short_of_memory(context, how):
        import resource
        import cv2
        import numpy as np
        context.begun.keep(0, ("two", 0))
        held = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (held + (64 << 20),) * 2)
        (context.folder / "half").write_text("half")
        if how.endswith("Python"):
            bytearray(1 << 30)
        elif how.endswith("numpy"):
            np.zeros((1 << 30), np.uint8)
        elif how.endswith("OpenCV"):
            cv2.resize(np.zeros((9, 9), np.uint8), (1 << 15, 1 << 15))
        else:
            # as C++ does before it ends the process
            os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'")
            os.abort()

    def behave(context, name):
        calls = Path(os.environ["TINY_LOG"])
        with calls.open("a") as file:
            file.write(name + "\\n")
        asked = json.loads((calls.parent / "how.json").read_text())
        # by the stage, or by the name of the run's folder
        how = asked.get(name) or asked.get(context.folder.parent.parent.name, "")
        context.progress(0.5, "half way")
        if how == "sleep":
            (calls.parent / "pid").write_text(str(os.getpid()))
            time.sleep(60)
        elif how == "wait":
            (calls.parent / "pid").write_text(str(os.getpid()))
            while not (calls.parent / "go").exists():
                time.sleep(0.05)
        elif how == "env":
            told = {name: word for name, word in os.environ.items() if "hidden-word" in word}
            (calls.parent / "seen.json").write_text(json.dumps(told))
        elif how == "fill":
            # as C libraries do: the system's error number is lost
            try:
                (context.folder / "big").write_bytes(bytes(8 << 20))
            except OSError:
                raise RuntimeError("8388608 requested and 917504 written") from None
        elif how == "bug":
            raise ZeroDivisionError("what nobody foresaw")
        elif how in {"die at work", "stop at work"}:
            for number in range(2):
                context.begun.keep(number, (name, number))
            (calls.parent / "pid").write_text(str(os.getpid()))
            if how == "die at work":
                os.kill(os.getpid(), 9)
            time.sleep(60)
        elif how == "die":
            os.kill(os.getpid(), 9)
        elif how == "crash":
            os.kill(os.getpid(), 11)
        elif how.startswith("short of memory"):
            short_of_memory(context, how)
        elif how == "refuse":
            return refusal(errors.ScaleError("The size is not known.", "Lay mats."))
        elif how:
            (context.folder / "half").write_text("half")
            raise getattr(errors, how)("Photo 7.jpg is dark.", "Take it again with more light.")
"""

STAGE = """
    import os
    from pathlib import Path
    from tiny_common import behave
    NAME, NUMBER, VERSION = {name!r}, {number}, 1
    INPUTS = {inputs!r}
    SETTINGS = {{{name!r}: "tiny_common:Knob"}}
    FILES = {files!r}
    PUBLISHES = {{"cut": "patterns/{name}"}}

    def compute(context):
        if refused := behave(context, NAME):
            return refused
        knob = context.settings(NAME)
        made = [context.earlier(n) / "cut" for n in INPUTS]
        before = [path.read_text() for path in made if path.exists()]
        text = "|".join([*before, f"{{NAME}}{{knob.turn}}"])
        if context.file("photos") if FILES else None:
            text += (context.file("photos") / "a.jpg").read_text()
        (context.folder / "cut").write_text(text + os.environ.get("TINY_MARK", ""))
        found = [context.begun.read(number, tuple) for number in range(3)]
        begun = {{"found": found, "sparing": context.begun.is_sparing}}
        return {{"text": text, "nan": float("nan"), "refused": 0, "begun": begun}}
"""

STAGES = (("one", 1, (), {"photos": ""}), ("two", 2, ("one",), {}), ("three", 3, ("two",), {}))

#: A run of the small stages in a process of its own, to be killed.
ALONE = """
    import sys
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    from dataclasses import replace
    from stitchsketch_kernel.pipeline.runner import run
    from stitchsketch_kernel.pipeline.stage import stage_of
    root = Path({root!r})
    stages = [replace(stage_of("tiny_" + n, root), notebook=root / (n + ".ipynb"))
              for n in ("one", "two", "three")]
    try:
        run(root / "photos", root / "out", stages=stages)
    except KeyboardInterrupt:
        sys.exit(130)
"""


class Tiny:
    """A run of the small stages."""

    def __init__(self, root: Path) -> None:
        self.root, self.out, self.photos = root, root / "out", root / "photos"
        self.photos.mkdir()
        (self.photos / "a.jpg").write_text("A")
        self.behave()

    @property
    def stages(self):
        return tuple(
            replace(stage_of(f"tiny_{name}", self.root), notebook=self.root / f"{name}.ipynb")
            for name, *_ in STAGES
        )

    def behave(self, **how: str) -> None:
        (self.root / "how.json").write_text(json.dumps(how))

    def run(self, out: Path | None = None, progress=None, **settings):
        request = RunSettings(values={k.replace("_", "."): v for k, v in settings.items()})
        extra = {} if progress is None else {"progress": progress}
        return run(self.photos, out or self.out, request, stages=self.stages, **extra)

    def alone(self) -> subprocess.Popen:
        """A run in a process of its own, to be stopped or killed."""
        code = textwrap.dedent(ALONE.format(tests=str(self.root), root=str(self.root)))
        return subprocess.Popen([sys.executable, "-c", code])

    def calls(self) -> list[str]:
        """The stages computed since the last asking."""
        log = self.root / "log"
        found = log.read_text().split() if log.exists() else []
        log.write_text("")
        return found

    def json(self) -> dict:
        return json.loads((self.out / "run.json").read_bytes())

    def statuses(self) -> list[str]:
        return [stage["status"] for stage in self.json()["stages"]]


def notebook(name: str) -> nbformat.NotebookNode:
    parameters = nbformat.v4.new_code_cell("run_dir = '.'", metadata={"tags": ["parameters"]})
    work = nbformat.v4.new_code_cell(
        "import sys\nfrom stitchsketch_kernel.pipeline.context import open_stage\n"
        f"stage = open_stage(run_dir, {name!r})\nfigures = stage.compute()\nsys.executable"
    )
    kernel = {"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}}
    return nbformat.v4.new_notebook(cells=[parameters, work], metadata=kernel)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    (tmp_path / "tiny_common.py").write_text(textwrap.dedent(COMMON))
    for name, number, inputs, files in STAGES:
        module = STAGE.format(name=name, number=number, inputs=inputs, files=files)
        (tmp_path / f"tiny_{name}.py").write_text(textwrap.dedent(module))
        nbformat.write(notebook(name), tmp_path / f"{name}.ipynb")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("TINY_LOG", str(tmp_path / "log"))
    yield Tiny(tmp_path)
    for name in [name for name in sys.modules if name.startswith("tiny_")]:
        del sys.modules[name]


@pytest.fixture
def short():
    """A folder whose name is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="s-", dir="/tmp") as name:
        yield Path(name)
