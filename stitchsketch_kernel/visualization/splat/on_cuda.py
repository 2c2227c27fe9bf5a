"""Training with gsplat on CUDA: its MCMC or default strategy, the mesh holding depth and outline.

Written against gsplat 1.5 and its ``examples/simple_trainer.py``, in whose order the steps come.
torch and gsplat are imported only here, once `train.chosen` has found a CUDA device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.visualization.splat.begin import discs
from stitchsketch_kernel.visualization.splat.course import OUTLINE, Course, followed
from stitchsketch_kernel.visualization.splat.photos import Scan, Target, held_out, targets
from stitchsketch_kernel.visualization.splat.settings import SplatSettings
from stitchsketch_kernel.visualization.splat.splats import Splats
from stitchsketch_kernel.visualization.splat.trained import Keep, State, Trained

#: Of simple_trainer.py; of a metre, as the world isn't made smaller or larger.
RATES = {
    "means": 1.6e-4, "scales": 5e-3, "quats": 1e-3, "opacities": 5e-2, "sh0": 2.5e-3,
    "shN": 2.5e-3 / 20,
}  # fmt: skip
_EXPOSURE_RATE, _SSIM, _DEPTH = 1e-3, 0.2, 0.02
#: MCMC wants splats to fade and shrink where nothing holds them (Kheradmand et al. 2024).
_FADE, _SHRINK = 0.01, 0.01
_DEGREE_EVERY = 1000


def train_on_cuda(
    scan: Scan, settings: SplatSettings, progress: Progress, state: State | None, keep: Keep
) -> Trained:
    """Train; see `train.train`."""
    progress(0.0, "photos")
    shown, hidden = held_out(scan.views, settings.held_out)
    asked = targets(scan, hidden, min(settings.long_side_px, 640)) if hidden else []
    course = OnCuda(scan, settings, targets(scan, shown, settings.long_side_px), "cuda")
    return followed(course, asked, part(progress, 0.05, 1.0), state, keep)


class OnCuda(Course):
    """gsplat's parameters, optimizers and strategy on their way."""

    def __init__(
        self, scan: Scan, settings: SplatSettings, shown: Sequence[Target], device: str
    ) -> None:
        import torch

        super().__init__(scan, settings, shown)
        torch.manual_seed(settings.seed)
        self._device = device
        self._random = np.random.default_rng(settings.seed)
        first = discs(
            scan.mesh, self.shown, max(1, settings.most_splats // 2), self._random,
            settings.degree,
        )  # fmt: skip
        centres = np.array([view.centre for view in scan.views])
        # as simple_trainer.py has it: the cameras' reach, a tenth more
        self._reach = 1.1 * float(
            np.linalg.norm(centres - centres.mean(axis=0), axis=1).max(initial=1e-3)
        )
        gains = np.log(np.array([target.gain for target in self.shown], dtype=np.float32))
        self.exposures = torch.tensor(gains, device=device, requires_grad=True)
        self._exposing = torch.optim.Adam([self.exposures], lr=_EXPOSURE_RATE)
        self._take(first)
        self.strategy, self._strategy_state = self._strategy()
        self.strategy.check_sanity(self.params, self.optimizers)
        self._queue: list[int] = []

    def _take(self, splats: Splats) -> None:
        import torch

        values = {
            "means": splats.means_m, "scales": splats.log_scales, "quats": splats.quats,
            "opacities": splats.opacity_logits, "sh0": splats.sh[:, :1], "shN": splats.sh[:, 1:],
        }  # fmt: skip
        self.params = torch.nn.ParameterDict(
            {
                name: torch.nn.Parameter(
                    torch.tensor(value, dtype=torch.float32, device=self._device)
                )
                for name, value in values.items()
            }
        )
        self.optimizers: dict[str, Any] = {
            name: torch.optim.Adam(
                [{"params": self.params[name], "lr": self._rate(name), "name": name}], eps=1e-15
            )
            for name in values
        }

    def _rate(self, name: str) -> float:
        return RATES[name] * (self._reach if name == "means" else 1.0)

    def _strategy(self) -> tuple[Any, Any]:
        from gsplat.strategy import DefaultStrategy, MCMCStrategy

        settings = self.settings
        stop = settings.steps * 5 // 6
        if settings.strategy == "mcmc":
            mcmc = MCMCStrategy(cap_max=settings.most_splats, refine_stop_iter=stop)
            return mcmc, mcmc.initialize_state()
        default = DefaultStrategy(refine_stop_iter=settings.steps // 2)
        return default, default.initialize_state(scene_scale=self._reach)

    def one_step(self) -> None:
        """A photo: draw, compare, step, grow."""
        import torch

        if not self._queue:
            self._queue = self._random.permutation(len(self.shown)).tolist()
        at = self._queue.pop()
        target, step = self.shown[at], self.step
        paper = torch.rand(3, device=self._device)
        drawn, alpha, info = self._drawn(target, min(step // _DEGREE_EVERY, self.settings.degree))
        if self.settings.strategy == "default":
            self.strategy.step_pre_backward(
                self.params, self.optimizers, self._strategy_state, step, info
            )
        image = drawn[..., :3] * self.exposures[at].exp() + paper * (1 - alpha)
        self._loss(image, drawn[..., 3:], alpha, target, paper).backward()
        # a hundredth in the end, as simple_trainer.py has it
        rate = self._rate("means") * 0.01 ** (step / self.settings.steps)
        self.optimizers["means"].param_groups[0]["lr"] = rate
        for optimizer in (*self.optimizers.values(), self._exposing):
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            self.exposures -= self.exposures.mean(dim=0)
        if self.settings.strategy == "mcmc":
            self.strategy.step_post_backward(
                self.params, self.optimizers, self._strategy_state, step, info, lr=rate
            )
        else:
            self.strategy.step_post_backward(
                self.params, self.optimizers, self._strategy_state, step, info, packed=False
            )
        self.step += 1

    def _drawn(self, target: Target, degree: int) -> tuple[Any, Any, Any]:
        import torch
        from gsplat import rasterization

        camera = target.view.camera
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = target.view.rotation, target.view.translation
        params = self.params

        def known(values: Any) -> Any:
            return torch.tensor(values, dtype=torch.float32, device=self._device)[None]

        return rasterization(  # type: ignore[no-any-return]
            means=params["means"], quats=params["quats"], scales=params["scales"].exp(),
            opacities=params["opacities"].sigmoid(),
            colors=torch.cat([params["sh0"], params["shN"]], 1), viewmats=known(pose),
            Ks=known(camera.matrix), width=camera.width_px, height=camera.height_px,
            sh_degree=degree, packed=False, render_mode="RGB+ED",
        )  # fmt: skip

    def _loss(self, image: Any, depth: Any, alpha: Any, target: Target, paper: Any) -> Any:
        """Absolute difference and SSIM; depth and outline as the mesh has them."""
        import torch

        def known(values: Any) -> Any:
            return torch.tensor(values, dtype=torch.float32, device=self._device)[None]

        mask = known(target.mask[..., None]) / 255
        photo = mask * known(target.photo) / 255 + (1 - mask) * paper
        near = (image - photo).abs().mean()
        out = (1 - _SSIM) * near + _SSIM * (1 - _ssim(image, photo))
        out = out + OUTLINE * (alpha - mask).abs().mean()
        mesh = known(target.surface.depth_m[..., None])
        here = (mesh > 0) & (alpha.detach() > 0.5)
        if bool(here.any()):
            apart = (1 / depth[here].clamp(min=0.05) - 1 / mesh[here]).abs().mean()
            out = out + _DEPTH * self._reach * apart
        if self.settings.strategy == "mcmc":
            out = out + _FADE * self.params["opacities"].sigmoid().mean()
            out = out + _SHRINK * self.params["scales"].exp().mean()
        return out

    def gains(self) -> AnyArray:
        """See `Course.gains`."""
        return np.asarray(self.exposures.detach().exp().cpu().numpy())

    def now(self) -> Splats:
        """As they are now."""
        p = {name: value.detach().cpu().numpy() for name, value in self.params.items()}
        return Splats(
            p["means"], p["scales"], p["quats"], p["opacities"],
            np.concatenate([p["sh0"], p["shN"]], axis=1),
        ).as_type(np.float32)  # fmt: skip

    def state(self) -> State:
        """What training goes on from: splats, exposures and Adam's moments."""
        arrays = {f.name: getattr(self.now(), f.name) for f in fields(Splats)}
        arrays["exposures"] = self.exposures.detach().cpu().numpy()
        for name, optimizer in self.optimizers.items():
            for moment, value in optimizer.state.get(self.params[name], {}).items():
                arrays[f"{name}.{moment}"] = np.asarray(value.detach().cpu().numpy())
        return State(self.key, self.step, arrays, "", self.seconds, self.curve)

    def go_on_from(self, state: State) -> None:
        """Take up what was kept; the strategy's own sums begin anew."""
        import torch

        self._take(Splats(*(np.array(state.arrays[f.name]) for f in fields(Splats))))
        for name, optimizer in self.optimizers.items():
            kept = {
                moment: torch.tensor(state.arrays[f"{name}.{moment}"], device=self._device)
                for moment in ("step", "exp_avg", "exp_avg_sq")
                if f"{name}.{moment}" in state.arrays
            }
            if kept:
                kept["step"] = kept["step"].cpu()
                optimizer.state[self.params[name]] = kept
        with torch.no_grad():
            self.exposures.copy_(torch.tensor(state.arrays["exposures"]))
        self._random = np.random.default_rng((self.settings.seed, state.step))
        self.step, self.seconds, self.curve = state.step, state.seconds, tuple(state.curve)


def _ssim(image: Any, photo: Any) -> Any:
    """Mean SSIM of pictures (1, h, w, 3), with the window of `loss`."""
    import torch
    from torch.nn import functional

    x = torch.arange(11, dtype=image.dtype, device=image.device) - 5
    line = torch.exp(-0.5 * (x / 1.5) ** 2)
    line = line / line.sum()
    window = (line[:, None] * line[None, :]).expand(3, 1, 11, 11)

    def blurred(values: Any) -> Any:
        return functional.conv2d(values, window, padding=5, groups=3)

    a, b = image.permute(0, 3, 1, 2), photo.permute(0, 3, 1, 2)
    mu_a, mu_b = blurred(a), blurred(b)
    var_a, var_b = blurred(a * a) - mu_a**2, blurred(b * b) - mu_b**2
    cross = blurred(a * b) - mu_a * mu_b
    c1, c2 = 0.01**2, 0.03**2
    both = (2 * mu_a * mu_b + c1) * (2 * cross + c2)
    return (both / ((mu_a**2 + mu_b**2 + c1) * (var_a + var_b + c2))).mean()
