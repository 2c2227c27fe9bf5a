"""Our own training on the processor: minutes for a chair, in the same file as gsplat's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.visualization.splat.adam import Moments, step
from stitchsketch_kernel.visualization.splat.begin import discs
from stitchsketch_kernel.visualization.splat.course import OUTLINE, Course, followed
from stitchsketch_kernel.visualization.splat.grow import Pull, halves, kept_and_divided
from stitchsketch_kernel.visualization.splat.loss import loss
from stitchsketch_kernel.visualization.splat.photos import Scan, Target, held_out, targets
from stitchsketch_kernel.visualization.splat.project import BLUR_PX2
from stitchsketch_kernel.visualization.splat.render import drawn, gradients
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.splats import Splats
from stitchsketch_kernel.visualization.splat.trained import Keep, State, Trained

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
#: Of the first step and the last: one that stayed would leave each photo's exposure 1 to 2 % off.
_EXPOSURE_RATES = (2e-2, 1e-3)
_NAMES = tuple(field.name for field in fields(Splats))


def train_on_cpu(
    scan: Scan, settings: SplatSettings, progress: Progress, state: State | None, keep: Keep
) -> Trained:
    """Train; see `train.train`."""
    progress(0.0, "photos")
    shown, hidden = held_out(scan.views, settings.held_out)
    course = OnCpu(scan, settings, targets(scan, shown, settings.long_side_px))
    asked = targets(scan, hidden, settings.long_side_px) if hidden else []
    return followed(course, asked, part(progress, 0.05, 1.0), state, keep)


class OnCpu(Course):
    """Our own: drawing, gradients and Adam of this package."""

    def __init__(self, scan: Scan, settings: SplatSettings, shown: Sequence[Target]) -> None:
        super().__init__(scan, settings, shown)
        names = {target.view.name for target in shown}
        known = [view for view in scan.views if view.name in names]
        small = targets(scan, known, max(64, settings.long_side_px // 2))
        self._small = {target.view.name: target for target in small}
        self._rng = np.random.default_rng(settings.seed)
        self.splats = discs(scan.mesh, shown, settings.most_splats, self._rng, settings.degree)
        self._moments = {name: Moments.none(getattr(self.splats, name)) for name in _NAMES}
        self.exposures = np.log(np.array([target.gain for target in shown], dtype=np.float32))
        self._exposure_moments = Moments.none(self.exposures)
        self._pull = Pull.none(len(self.splats))
        self._queue: list[int] = []
        self._grows = {
            round(settings.steps * share)
            for share in np.linspace(_GROW_FROM, _GROW_TO, _GROW_TIMES)
        }

    def one_step(self) -> None:
        """Draw a photo's view, compare, step; now and then grow."""
        if not self._queue:
            self._queue = self._rng.permutation(len(self.shown)).tolist()
        at = self._queue.pop()
        target = whole = self.shown[at]
        if self.step < _SMALL * self.settings.steps:
            target = self._small.get(target.view.name, target)
        shrunk = target.view.camera.fx / whole.view.camera.fx
        paper = self._rng.random(3).astype(np.float32)
        made = drawn(self.splats, target.view, blur_px2=BLUR_PX2 * shrunk**2)
        gain = np.exp(self.exposures[at])
        image = made.image * gain + made.clear[..., None] * paper
        _, of_image = loss(image, target.on(paper))
        beyond = np.sign(made.clear - (1 - target.mask.astype(np.float32) / 255))
        of_clear = of_image @ paper + OUTLINE * beyond / beyond.size
        of_splats, of_middles = gradients(self.splats, target.view, made, of_image * gain, of_clear)
        self.step += 1
        self._pull.add(of_middles, made.seen, image.size)
        for name in _NAMES:
            values = getattr(self.splats, name)
            rate = np.full(values[:1].size, self._rate(_RATES[name]))
            if name == "sh":
                rate[3:] *= _SH_REST
            step(values, getattr(of_splats, name), self._moments[name], made.seen, rate, self.step)
        self._expose(at, (of_image * made.image).sum(axis=(0, 1)) * gain)
        if self.step in self._grows:
            self._grow()

    def _rate(self, ends: tuple[float, float]) -> float:
        """Between the first step's and the last's, each step by the same share."""
        first, last = ends
        return float(first * (last / first) ** (self.step / self.settings.steps))

    def _expose(self, at: int, gradient: AnyArray) -> None:
        """Exposures of all photos have no mean: that is the splats' own colour."""
        seen = np.zeros(len(self.exposures), dtype=bool)
        seen[at] = True
        of_all = np.zeros_like(self.exposures)
        of_all[at] = gradient
        step(
            self.exposures, of_all, self._exposure_moments, seen,
            np.full(3, self._rate(_EXPOSURE_RATES)), self.step,
        )  # fmt: skip
        self.exposures -= self.exposures.mean(axis=0)

    def _grow(self) -> None:
        stays, divided = kept_and_divided(
            self.splats, self._pull, self.scan.region, self.settings.most_splats
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

    def now(self) -> Splats:
        """The splats as they are."""
        return self.splats

    def gains(self) -> AnyArray:
        """See `Course.gains`."""
        return np.asarray(np.exp(self.exposures))

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
