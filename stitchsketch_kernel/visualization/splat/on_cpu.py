"""Our own training on the processor: minutes for a chair, in the same file as gsplat's."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, fields

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.progress import Cancelled, Progress, part
from stitchsketch_kernel.visualization.splat.adam import Moments, step
from stitchsketch_kernel.visualization.splat.begin import discs
from stitchsketch_kernel.visualization.splat.grow import Pull, halves, kept_and_divided
from stitchsketch_kernel.visualization.splat.loss import loss, psnr
from stitchsketch_kernel.visualization.splat.photos import Scan, Target, held_out, targets
from stitchsketch_kernel.visualization.splat.project import BLUR_PX2
from stitchsketch_kernel.visualization.splat.render import drawn, gradients
from stitchsketch_kernel.visualization.splat.splats import Splats, cropped
from stitchsketch_kernel.visualization.splat.train import (
    Keep,
    Mark,
    SplatSettings,
    State,
    Trained,
)

#: Steps at half the pictures' size, as a share of all.
_SMALL = 0.1
#: Splats are divided and taken away between these shares of all steps, this many times.
_GROW_FROM, _GROW_TO, _GROW_TIMES = 0.15, 0.7, 8
#: Of the first step and the last; metres, logarithms, and so on.
_RATES = {
    "means_m": (1.5e-4, 1e-5),
    "log_scales": (6e-3, 1e-3),
    "quats": (3e-3, 5e-4),
    "opacity_logits": (2e-2, 5e-3),
    "sh": (1e-2, 1e-3),
}
#: The colour's change with direction is learnt more slowly.
_SH_REST = 0.25
_EXPOSURE_RATE = 2e-2
_MARKS, _KEEP_S = 10, 60.0
PAPER = np.array([1.0, 1.0, 1.0], dtype=np.float32)
_NAMES = tuple(field.name for field in fields(Splats))


def train_on_cpu(
    scan: Scan, settings: SplatSettings, progress: Progress, state: State | None, keep: Keep
) -> Trained:
    """Train; see `train.train`."""
    progress(0.0, "photos")
    shown, hidden = held_out(scan.views, settings.held_out)
    training = _Training(scan, settings, shown)
    asked = targets(scan, hidden, settings.long_side_px) if hidden else []
    if state is not None and state.key == training.key:
        training.go_on_from(state)
    try:
        training.run(asked, part(progress, 0.05, 1.0), keep)
    except (Cancelled, KeyboardInterrupt):
        keep(training.state())
        raise
    names = [target.view.name for target in training.large]
    gains = np.exp(training.exposures)
    return Trained(
        cropped(training.splats, scan.region),
        settings,
        {
            name: (float(gain[0]), float(gain[1]), float(gain[2]))
            for name, gain in zip(names, gains, strict=True)
        },
        training.curve,
        training.seconds,
    )


class _Training:
    """Splats on their way."""

    def __init__(self, scan: Scan, settings: SplatSettings, shown: Sequence[object]) -> None:
        self._scan, self._settings = scan, settings
        self.large = targets(scan, shown, settings.long_side_px)  # type: ignore[arg-type]
        views = [target.view for target in self.large]
        known = [view for view in scan.views if view.name in {v.name for v in views}]
        small = targets(scan, known, max(64, settings.long_side_px // 2))
        self._small = {target.view.name: target for target in small}
        self._rng = np.random.default_rng(settings.seed)
        self.splats = discs(scan.mesh, self.large, settings.most_splats, self._rng, settings.degree)
        self._moments = {name: Moments.none(getattr(self.splats, name)) for name in _NAMES}
        self.exposures = np.zeros((len(self.large), 3), dtype=np.float32)
        self._exposure_moments = Moments.none(self.exposures)
        self._pull = Pull.none(len(self.splats))
        self._queue: list[int] = []
        self.step, self.seconds, self.curve = 0, 0.0, tuple[Mark, ...]()
        self.key = key_of(scan, settings)

    def run(self, asked: Sequence[Target], progress: Progress, keep: Keep) -> None:
        """All steps that are left."""
        steps = self._settings.steps
        every = max(1, steps // _MARKS)
        grows = {round(steps * share) for share in np.linspace(_GROW_FROM, _GROW_TO, _GROW_TIMES)}
        kept_at = last = time.perf_counter()
        while self.step < steps:
            progress(self.step / steps, f"training (step {self.step} of {steps})")
            self._one_step()
            if self.step in grows:
                self._grow()
            now = time.perf_counter()
            self.seconds += now - last
            last = now
            if asked and (self.step % every == 0 or self.step == steps):
                self.curve += (Mark(self.step, self.seconds, mean_psnr(self.splats, asked)),)
                last = time.perf_counter()  # looking isn't training
            if now - kept_at > _KEEP_S:
                keep(self.state())
                kept_at = last = time.perf_counter()

    def _one_step(self) -> None:
        if not self._queue:
            self._queue = self._rng.permutation(len(self.large)).tolist()
        at = self._queue.pop()
        target = whole = self.large[at]
        if self.step < _SMALL * self._settings.steps:
            target = self._small.get(target.view.name, target)
        shrunk = target.view.camera.fx / whole.view.camera.fx
        paper = self._rng.random(3).astype(np.float32)
        made = drawn(self.splats, target.view, blur_px2=BLUR_PX2 * shrunk**2)
        gain = np.exp(self.exposures[at])
        image = made.image * gain + made.clear[..., None] * paper
        _, of_image = loss(image, target.on(paper))
        of_splats, of_middles = gradients(
            self.splats, target.view, made, of_image * gain, of_image @ paper
        )
        self.step += 1
        self._pull.add(of_middles, made.seen, image.size)
        share = self.step / self._settings.steps
        for name in _NAMES:
            values = getattr(self.splats, name)
            first, last = _RATES[name]
            rate = np.full(values[:1].size, first * (last / first) ** share)
            if name == "sh":
                rate[3:] *= _SH_REST
            step(values, getattr(of_splats, name), self._moments[name], made.seen, rate, self.step)
        self._expose(at, (of_image * made.image).sum(axis=(0, 1)) * gain)

    def _expose(self, at: int, gradient: AnyArray) -> None:
        """Exposures of all photos have no mean: that is the splats' own colour."""
        seen = np.zeros(len(self.exposures), dtype=bool)
        seen[at] = True
        of_all = np.zeros_like(self.exposures)
        of_all[at] = gradient
        step(
            self.exposures, of_all, self._exposure_moments, seen, np.full(3, _EXPOSURE_RATE),
            self.step,
        )  # fmt: skip
        self.exposures -= self.exposures.mean(axis=0)

    def _grow(self) -> None:
        stays, divided = kept_and_divided(
            self.splats, self._pull, self._scan.region, self._settings.most_splats
        )
        fresh = halves(self.splats, divided, self._rng)
        old = self.splats.take(stays)
        self.splats = Splats(
            *(np.concatenate([getattr(old, name), getattr(fresh, name)]) for name in _NAMES)
        )
        self._moments = {
            name: moments.take(stays).followed(len(fresh))
            for name, moments in self._moments.items()
        }
        self._pull = Pull.none(len(self.splats))

    def state(self) -> State:
        """All that the next step depends on."""
        arrays: dict[str, AnyArray] = {
            "exposures": self.exposures.copy(),
            "exposures.mean": self._exposure_moments.mean.copy(),
            "exposures.square": self._exposure_moments.square.copy(),
            "pull.sums": self._pull.sums.copy(),
            "pull.times": self._pull.times.copy(),
            "queue": np.array(self._queue, dtype=np.int64),
        }
        for name in _NAMES:
            arrays[name] = getattr(self.splats, name).copy()
            arrays[f"{name}.mean"] = self._moments[name].mean.copy()
            arrays[f"{name}.square"] = self._moments[name].square.copy()
        random = json.dumps(self._rng.bit_generator.state)
        return State(self.key, self.step, arrays, random, self.seconds, self.curve)

    def go_on_from(self, state: State) -> None:
        """Take all up where it was kept."""
        arrays = {name: np.array(values) for name, values in state.arrays.items()}
        self.splats = Splats(*(arrays[name] for name in _NAMES))
        self._moments = {
            name: Moments(arrays[f"{name}.mean"], arrays[f"{name}.square"]) for name in _NAMES
        }
        self.exposures = arrays["exposures"]
        self._exposure_moments = Moments(arrays["exposures.mean"], arrays["exposures.square"])
        self._pull = Pull(arrays["pull.sums"], arrays["pull.times"])
        self._queue = arrays["queue"].tolist()
        self._rng.bit_generator.state = json.loads(state.random)
        self.step, self.seconds, self.curve = state.step, state.seconds, tuple(state.curve)


def mean_psnr(splats: Splats, asked: Sequence[Target]) -> float:
    """Over the pixels that the mesh covers, each photo counting the same."""
    found = []
    for target in asked:
        made = drawn(splats, target.view)
        image = np.clip(made.image + made.clear[..., None] * PAPER, 0, 1)
        found.append(psnr(image, target.on(PAPER), target.inside))
    return float(np.mean(found))


def key_of(scan: Scan, settings: SplatSettings) -> str:
    """Of photos by name, cameras, mesh and settings."""
    told = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    for view in scan.views:
        told.update(repr((view.name, view.camera)).encode())
        told.update(view.rotation.tobytes() + view.translation.tobytes())
    told.update(scan.mesh.vertices.tobytes() + scan.mesh.faces.tobytes())
    return told.hexdigest()
