"""The command line: what it prints, its exit codes, and that bad input leaves nothing behind."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import ezdxf
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from stitchsketch_kernel import __version__, pipeline, samples
from stitchsketch_kernel.cli import main
from stitchsketch_kernel.pipeline import FIRST_LOOK
from stitchsketch_kernel.pipeline.settings import resolve
from stitchsketch_kernel.pipeline.stage import standard_stages

HEAVY = ("numpy", "pycolmap", "cv2", "papermill", "sqlalchemy", "open3d", "scipy", "rich")


def test_asking_for_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom stitchsketch_kernel.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert {"run", "nest", "mat", "demo", "cover"} <= set(done.stdout.split())


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads by /proc")
def test_products_of_arrays_start_no_threads_beside_the_programs_own():
    code = (
        "import os, stitchsketch_kernel.cli, numpy as np\n"
        "np.ones((400_000, 3)) @ np.eye(3); print(len(os.listdir('/proc/self/task')))"
    )
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    told = subprocess.run([sys.executable, "-c", code], env=kept, capture_output=True, check=True)
    assert int(told.stdout) == 1


def test_it_tells_its_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize(("paper", "width_mm"), [("A4", 210), ("Letter", 215.9)])
def test_mats_are_printed_at_their_size(tmp_path, paper, width_mm):
    path = tmp_path / "mat.pdf"
    assert main(["mat", "--out", str(path), "--paper", paper, "--count", "2"]) == 0
    pdf = pypdfium2.PdfDocument(path)
    try:
        assert len(pdf) == 2
        assert pdf[0].get_width() == pytest.approx(width_mm * 72 / 25.4, abs=0.01)
    finally:
        pdf.close()


def photo(folder: Path, number: int) -> None:
    pixels = np.random.default_rng(number).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / f"IMG_{number}.jpg")


def nothing(folder: Path) -> str:
    return "is empty"


def text(folder: Path) -> str:
    (folder / "letter.jpg").write_text("Dear Sir")
    return "letter.jpg"


def truncated(folder: Path) -> str:
    whole = (folder / "IMG_1.jpg").read_bytes()
    (folder / "IMG_1.jpg").write_bytes(whole[: len(whole) // 2])
    return "IMG_1.jpg"


def giant(folder: Path) -> str:
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0"))]
    (folder / "giant.png").write_bytes(b"".join([*parts, chunk(b"IEND", b"")]))
    return "giant.png"


def few(folder: Path) -> str:
    return "3 photos"


@pytest.mark.parametrize(
    ("fault", "photos"), [(nothing, 0), (text, 9), (truncated, 9), (giant, 9), (few, 3)]
)
def test_bad_photos_end_in_one_sentence_and_leave_nothing(tmp_path, capsys, fault, photos):
    folder, out = tmp_path / "photos", tmp_path / "deep" / "out"
    folder.mkdir()
    for number in range(photos):
        photo(folder, number)
    named = fault(folder)
    assert main(["run", str(folder), "--out", str(out)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    *progress, sentence = said.err.strip().splitlines()
    assert named in sentence and sentence.startswith("stitchsketch: ")
    assert "Traceback" not in said.err and len(progress) < 5
    assert not (tmp_path / "deep").exists()


def drawing(path: Path, width: float) -> Path:
    document = ezdxf.new("R2000")
    document.header["$INSUNITS"] = 4
    corners = [(0, 0), (width, 0), (width, 300), (0, 300)]
    document.blocks.new("SEAT").add_lwpolyline(corners, close=True, dxfattribs={"layer": "1"})
    document.modelspace().add_blockref("SEAT", (0, 0))
    document.saveas(path)
    return path


def test_pieces_drawn_elsewhere_are_laid_and_cut(tmp_path, capsys):
    pieces, out = drawing(tmp_path / "a.dxf", 400), tmp_path / "deep" / "out"
    given = ["nest", str(pieces), "--out", str(out), "--width-mm", "1400", "--seconds", "1"]
    assert main(given) == 0
    assert "Cloth: 0.30 m (0.33 yd) of 1400 mm" in capsys.readouterr().out
    assert (out / "marker.plt").stat().st_size and (out / "pattern.json").stat().st_size
    assert main(given) == 0, "again, into the same folder"


@pytest.mark.parametrize(
    ("width", "more", "said"),
    [
        (1500, [], "is 1500 mm wide"),
        (400, ["--usable-mm", "2000"], "selvages"),
        (400, ["--seconds", "0"], "seconds"),
        (2e5, [], "from its origin"),
    ],
)
def test_what_cannot_be_laid_leaves_nothing(tmp_path, capsys, width, more, said):
    pieces, out = drawing(tmp_path / "a.dxf", width), tmp_path / "out"
    assert main(["nest", str(pieces), "--out", str(out), "--width-mm", "1400", *more]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_of_something_else_is_refused_before_nesting(tmp_path, capsys):
    (tmp_path / "letter.txt").write_text("mine")
    given = ["nest", "nowhere.dxf", "--out", str(tmp_path), "--width-mm", "1400"]
    assert main(given) == 2
    assert "letter.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "align.max_feature=1"], "Did you mean align.max_features"),
        (["--set", "align"], "is not a setting"),
        (["--settings", "nowhere.toml"], "nowhere.toml"),
        (["--boards", "nowhere.toml"], "nowhere.toml"),
        (["--edits", "nowhere.txt"], "nowhere.txt"),
        (["--bar-mm", "194"], "97.0%"),
        (["--set", "fabric.usable_width_mm=2000"], "selvages"),
    ],
)
def test_what_a_person_typed_wrong_is_found_before_anything_is_done(
    tmp_path, capsys, arguments, said
):
    out = tmp_path / "out"
    assert main(["run", str(tmp_path), "--out", str(out), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--set", "align.max_feature=1"], "align.max_features"), (["--rules", "nowhere"], "nowhere")],
)
def test_a_demo_is_checked_before_its_photos_are_rendered(
    tmp_path, capsys, monkeypatch, arguments, said
):
    monkeypatch.setattr(samples, "render_photos", lambda *_: pytest.fail("rendered"))
    assert main(["demo", "--out", str(tmp_path / "out"), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_run_without_a_folder_of_its_own_is_refused(tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    assert main(["run", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "is a file" in capsys.readouterr().err


def ends_by(monkeypatch, ending) -> int:
    monkeypatch.setattr(pipeline, "run", lambda *_: ending())
    return main(["run", "photos", "--out", "out"])


def test_a_fault_of_the_program_is_no_ones_fault_but_ours(monkeypatch, capsys):
    assert ends_by(monkeypatch, lambda: 1 / 0) == 1
    assert "a fault of the program" in capsys.readouterr().err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopped_from_outside(monkeypatch, capsys, sent):
    assert ends_by(monkeypatch, lambda: os.kill(os.getpid(), sent)) == 130
    assert "goes on from there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "engine"), [([], None), (["--set", "densify.engine=patches"], "patches")]
)
def test_a_first_look_is_fast_unless_a_setting_says_otherwise(tmp_path, monkeypatch, more, engine):
    asked = []
    monkeypatch.setattr("stitchsketch_kernel.pipeline.run", lambda *given: asked.append(given[2]))
    monkeypatch.setattr("stitchsketch_kernel.cli.run.summary", lambda record: "")
    main(["run", str(tmp_path), "--out", str(tmp_path / "job"), "--first-look", *more])
    assert asked[0].values == {**FIRST_LOOK, **({"densify.engine": engine} if engine else {})}
    kinds = resolve(standard_stages(), asked[0].values)
    assert kinds["align"].features == "coarse"
    assert kinds["densify"].engine == (engine or "fast")
