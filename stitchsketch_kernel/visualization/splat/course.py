"""A training's course, the same on processor and CUDA: steps, marks, what is kept, its end."""

from __future__ import annotations

import hashlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.progress import Cancelled, Progress
from stitchsketch_kernel.visualization.splat.loss import psnr
from stitchsketch_kernel.visualization.splat.photos import Scan, Target
from stitchsketch_kernel.visualization.splat.render import picture
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.splats import Splats, cropped
from stitchsketch_kernel.visualization.splat.trained import Keep, Mark, State, Trained

#: What light that comes through the furniture, or is stopped beside it, weighs in the loss.
#: Paper that shone through the demo's splats, before this was, cost held-out photos 1.2 dB.
OUTLINE = 0.3
PAPER = (1.0, 1.0, 1.0)
_MARKS, _KEEP_S = 10, 60.0


class Course(ABC):
    """Splats on their way: an engine's own step, and what is the same for all.

    Attributes
    ----------
    step : int
        Steps done.
    seconds : float
        Of training, with what was gone on from.
    curve : tuple of Mark
    key : str
        Of what is trained and how.
    """

    def __init__(self, scan: Scan, settings: SplatSettings, shown: Sequence[Target]) -> None:
        self.scan, self.settings, self.shown = scan, settings, list(shown)
        self.step, self.seconds, self.curve = 0, 0.0, tuple[Mark, ...]()
        self.key = key_of(scan, settings)

    @abstractmethod
    def one_step(self) -> None:
        """Learn from one photo, and count it."""

    @abstractmethod
    def now(self) -> Splats:
        """The splats as they are."""

    @abstractmethod
    def gains(self) -> AnyArray:
        """What each photo of `shown` is brighter by than the splats, shape (photos, 3)."""

    @abstractmethod
    def state(self) -> State:
        """All that the next step depends on."""

    @abstractmethod
    def go_on_from(self, state: State) -> None:
        """Take all up where it was kept."""


def followed(
    course: Course, asked: Sequence[Target], progress: Progress, state: State | None, keep: Keep
) -> Trained:
    """Take all steps that are left, from `state` where it is this course's, and end it.

    Parameters
    ----------
    asked : sequence of Target
        Photos that are not trained on, looked at ten times on the way.
    """
    if state is not None and state.key == course.key:
        course.go_on_from(state)
    try:
        _run(course, asked, progress, keep)
    except (Cancelled, KeyboardInterrupt):
        keep(course.state())
        raise
    names = [target.view.name for target in course.shown]
    return Trained(
        cropped(course.now(), course.scan.region),
        course.settings,
        {
            name: (float(gain[0]), float(gain[1]), float(gain[2]))
            for name, gain in zip(names, course.gains(), strict=True)
        },
        course.curve,
        course.seconds,
    )


def _run(course: Course, asked: Sequence[Target], progress: Progress, keep: Keep) -> None:
    steps = course.settings.steps
    every = max(1, steps // _MARKS)
    kept_at = last = time.perf_counter()
    while course.step < steps:
        progress(course.step / steps, f"training (step {course.step} of {steps})")
        course.one_step()
        now = time.perf_counter()
        course.seconds += now - last
        last = now
        if asked and (course.step % every == 0 or course.step == steps):
            course.curve += (Mark(course.step, course.seconds, mean_psnr(course.now(), asked)),)
            last = time.perf_counter()  # looking isn't training
        if now - kept_at > _KEEP_S:
            keep(course.state())
            kept_at = last = time.perf_counter()


def mean_psnr(splats: Splats, asked: Sequence[Target]) -> float:
    """Over the pixels that the mesh covers, each photo counting the same."""
    paper = np.array(PAPER, dtype=np.float32)
    return float(
        np.mean([psnr(picture(splats, t.view, PAPER), t.on(paper), t.inside) for t in asked])
    )


def key_of(scan: Scan, settings: SplatSettings) -> str:
    """Of photos by name, their light, cameras, mesh and settings."""
    told = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    for view in scan.views:
        told.update(repr((view.name, view.camera)).encode())
        told.update(view.rotation.tobytes() + view.translation.tobytes())
    told.update(repr((scan.light.falloff, sorted(scan.light.gains.items()))).encode())
    told.update(scan.mesh.vertices.tobytes() + scan.mesh.faces.tobytes())
    return told.hexdigest()
