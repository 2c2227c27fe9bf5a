"""A turn round the furniture as single pictures, as a film for the browser, and as a GIF."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.visualization.cover.scene import Covered
from stitchsketch_kernel.visualization.cover.studio import SIZE_PX, Dress, still

FRAMES = 40
#: Frames a second, and how wide the GIF is.
_RATE, _GIF_PX = 10, 480
#: By the file's name: the codec, free of patents where a browser must play it.
_CODECS = {".webm": "VP80", ".mp4": "mp4v"}


def turntable(
    covered: Covered,
    dress: Dress,
    frames: int = FRAMES,
    size_px: tuple[int, int] = SIZE_PX,
    progress: Progress = silent,
    workers: int = 0,
) -> list[ImageArray]:
    """Pictures once round, the first from the front's right; as many at once as there are cores."""
    azimuths = 25.0 + 360.0 * np.arange(frames) / frames
    made = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for image in pool.map(lambda at: still(covered, dress, float(at), size_px), azimuths):
            made.append(image)
            progress(len(made) / frames, f"picture {len(made)} of {frames}")
    return made


def write_film(path: Path, frames: Sequence[ImageArray], rate: int = _RATE) -> None:
    """Frames as ``.webm`` (VP8, played by browsers) or ``.mp4`` (MPEG-4 part 2, by most players).

    Raises
    ------
    StorageError
        The film can't be written: no room, or OpenCV has no such codec here.
    """
    height, width = frames[0].shape[:2]
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        with written_aside(path) as aside:
            with _quiet():
                film = cv2.VideoWriter(
                    str(aside), cv2.VideoWriter.fourcc(*_CODECS[path.suffix]), rate, (width, height)
                )
            for frame in frames if film.isOpened() else ():
                film.write(frame[..., ::-1])
            film.release()
            if not aside.is_file() or not aside.stat().st_size:
                raise StorageError(
                    f"The film {path.name} can't be written.",
                    "Make room on the disk; a film needs an OpenCV with FFmpeg, as on PyPI.",
                )
    finally:
        cv2.utils.logging.setLogLevel(before)


@contextmanager
def _quiet() -> Iterator[None]:
    """FFmpeg's C code tells of tags on standard error, and nothing else silences it."""
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("ab") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def write_gif(path: Path, frames: Sequence[ImageArray], rate: int = _RATE) -> None:
    """Frames as a GIF that goes round for ever, smaller than the film."""
    small = [Image.fromarray(frame) for frame in frames]
    height = round(_GIF_PX * small[0].height / small[0].width)
    small = [one.resize((_GIF_PX, height), Image.Resampling.LANCZOS) for one in small]
    # one palette for all, from the first and the one from behind, so that colours don't flicker
    both = Image.new("RGB", (_GIF_PX, 2 * height))
    both.paste(small[0], (0, 0))
    both.paste(small[len(small) // 2], (0, height))
    palette = both.quantize(256)
    coded = [one.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for one in small]
    with written_aside(path) as aside:
        coded[0].save(
            aside, "GIF", save_all=True, append_images=coded[1:], duration=1000 // rate, loop=0
        )
