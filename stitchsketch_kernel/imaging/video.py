"""Photos picked from a video: the sharpest frame of each step that the camera has moved on.

Standing still gives no frames, and turning on the spot few: what counts is by how much near things
move against far ones between frames, which is what depth is found from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, ImageArray
from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.imaging.quality import sharpness_of
from stitchsketch_kernel.imaging.reading import shown

SUFFIXES = (".mp4", ".mov", ".m4v")
MOST_BYTES, MOST_SECONDS, MOST_PIXELS = 8_000_000_000, 900, 36_000_000
#: Frames looked at in a second of video: more are all but the same.
_LOOKS_A_SECOND = 10.0
_SEEN_AT_PX = 480
#: Tracked points, and the fewest that tell how the camera moved.
_POINTS, _LEAST_POINTS = 400, 20
#: Less than half of the points may lie on what is nearer: this percentile of what they moved.
_NEARER = 80
#: With less parallax in all (share of the picture's width) nobody has walked round anything.
_LEAST_PARALLAX = 0.05
_QUALITY = 97


@dataclass(frozen=True)
class _Look:
    """A frame that was looked at: its number, parallax against the one before, sharpness."""

    frame: int
    parallax: float
    sharpness: float


def one_video(folder: Path) -> Path | None:
    """The video of a folder that holds one and no photos; None when it holds none.

    Raises
    ------
    PhotoError
        It holds several.
    """
    if not folder.is_dir():
        return None
    files = [one for one in folder.iterdir() if not one.name.startswith(".") and one.is_file()]
    found = sorted(one for one in files if one.suffix.lower() in SUFFIXES)
    if len(found) > 1:
        names = ", ".join(shown(one.name) for one in found[:5])
        raise PhotoError(
            f"The folder {shown(str(folder))} holds {len(found)} videos: {names}.",
            "Put one video of the whole piece into it, or photos.",
        )
    return found[0] if found else None


def pick_frames(video: Path, target: Path, count: int, progress: Progress = silent) -> list[Path]:
    """Write the best frames of a video as JPEG files.

    Parameters
    ----------
    video : Path
        MP4 or MOV.
    target : Path
        A folder that isn't there yet.
    count : int
        Wanted; fewer where the camera hardly moved.
    progress : Progress, optional

    Returns
    -------
    list of Path
        ``frame-00042.jpg``: numbered as in the video, in its order.

    Raises
    ------
    PhotoError
        It isn't such a video, is damaged, too large (told before anything is decoded), or the
        camera didn't move.
    """
    looks = _looks(video, part(progress, 0, 0.8))
    chosen = _chosen(looks, count, shown(video.name))
    target.mkdir(parents=True)
    return _written(video, target, chosen, part(progress, 0.8, 1))


def _looks(video: Path, progress: Progress) -> list[_Look]:
    """Look at some frames of each second."""
    looks: list[_Look] = []
    before: ImageArray | None = None
    with _opened(video) as (capture, frames, rate):
        step = max(1, round(rate / _LOOKS_A_SECOND))
        for number in range(frames):
            if not capture.grab():
                break
            if number % step:
                continue
            good, picture = capture.retrieve()
            if not good:
                continue
            grey = _small(picture)
            moved = 0.0 if before is None else _parallax(before, grey)
            looks.append(_Look(number, moved, sharpness_of(grey)))
            before = grey
            progress(number / frames, f"looking at frame {number} of {frames}")
    if not looks:
        raise _damaged(video)
    return looks


def _parallax(before: ImageArray, after: ImageArray) -> float:
    """How much points moved against each other, as a share of the picture's width."""
    import cv2

    points = cv2.goodFeaturesToTrack(before, _POINTS, 0.01, 7)
    if points is None or len(points) < _LEAST_POINTS:
        return 0.0
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, np.empty_like(points))
    flow = (moved - points).reshape(-1, 2)[found.ravel() > 0]
    if len(flow) < _LEAST_POINTS:
        return 0.0
    apart = np.linalg.norm(flow - np.median(flow, axis=0), axis=1)
    return float(np.percentile(apart, _NEARER) / before.shape[1])


def _chosen(looks: Sequence[_Look], count: int, name: str) -> list[int]:
    """The sharpest frame of each of `count` equal shares of the way."""
    way = np.cumsum([look.parallax for look in looks])
    if way[-1] < _LEAST_PARALLAX:
        raise PhotoError(
            f"In the video {name} the camera hardly moves round anything.",
            "Walk slowly round the piece once at seat height and once from above, a minute in all.",
        )
    share = np.minimum((way / way[-1] * count).astype(int), count - 1)
    sharp = np.array([look.sharpness for look in looks])
    best = [int(np.flatnonzero(share == k)[sharp[share == k].argmax()]) for k in np.unique(share)]
    return [looks[at].frame for at in best]


def _written(video: Path, target: Path, chosen: Sequence[int], progress: Progress) -> list[Path]:
    import cv2

    paths: list[Path] = []
    left = set(chosen)
    with _opened(video) as (capture, _, _):
        for number in range(max(chosen) + 1):
            if not capture.grab():
                break
            if number not in left:
                continue
            good, picture = capture.retrieve()
            path = target / f"frame-{number:05d}.jpg"
            how = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
            if good and not cv2.imwrite(str(path), picture, how):
                raise OSError(28, "No space left on device", str(path))
            paths += [path] if good else []
            progress(len(paths) / len(chosen), f"taking frame {number}")
    return paths


def _small(picture: AnyArray) -> ImageArray:
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    factor = _SEEN_AT_PX / max(grey.shape)
    if factor >= 1:
        return np.asarray(grey, np.uint8)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


@contextmanager
def _opened(video: Path) -> Iterator[tuple[Any, int, float]]:
    """The video open for reading, its number of frames and frames a second; limits first."""
    import cv2

    name = shown(video.name)
    _require_video(video, name)
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG)
    try:
        if not capture.isOpened():
            raise _damaged(video)
        frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        rate = float(capture.get(cv2.CAP_PROP_FPS)) or 30.0
        pixels = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if not 0 < rate < 1000 or frames <= 0:
            raise _damaged(video)
        if frames / rate > MOST_SECONDS or pixels > MOST_PIXELS:
            raise PhotoError(
                f"The video {name} is longer than {MOST_SECONDS // 60} minutes or larger than "
                f"{MOST_PIXELS // 1_000_000} megapixels.",
                "Cut out the walk round the piece: a minute or two will do.",
            )
        yield capture, frames, rate
    finally:
        capture.release()


def _require_video(video: Path, name: str) -> None:
    """By the first bytes: FFmpeg would also follow a playlist to other files and hosts."""
    try:
        with video.open("rb") as file:
            start = file.read(12)
        size = video.stat().st_size
    except OSError as error:
        raise PhotoError(f"The video {name} can't be read.", "Copy it again.") from error
    if start[4:8] != b"ftyp":
        raise PhotoError(
            f"{name} is not an MP4 or MOV video, whatever its name says.",
            "Copy it from the phone again, or use photos.",
        )
    if size > MOST_BYTES:
        raise PhotoError(
            f"The video {name} is larger than {MOST_BYTES // 1_000_000_000} GB.",
            "Cut out the walk round the piece: a minute or two will do.",
        )


def _damaged(video: Path) -> PhotoError:
    return PhotoError(
        f"The video {shown(video.name)} is damaged, cut off, or of a kind that can't be read here.",
        "Copy it from the phone again, or save it as MP4 (H.264).",
    )
