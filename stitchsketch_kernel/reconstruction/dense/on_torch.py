"""`patchmatch.search` in torch: the same planes, costs and rounds, all pixels of a colour at once.

For CUDA; on the processor it gives the same, at many times the seconds. What is random is drawn on
the processor and for the whole picture, so neither the device nor the tiles change it. torch is
imported here alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.reconstruction.dense import patchmatch as pm
from stitchsketch_kernel.reconstruction.dense.planes import Compared, Planes

log = logging.getLogger(__name__)

#: What a pixel at work takes: some fourteen arrays of a float a patch's pixel.
_BYTES_A_PIXEL = 14 * 4 * pm.SIDE**2
#: Of the memory that is free, so much is used; of the processor's, tiles that stay in its cache.
_SHARE, _ON_PROCESSOR = 0.5, 8192
#: Where not even so many pixels fit, there is no memory to speak of.
LEAST_PIXELS = 1024


class TorchSearch:
    """A search as `patchmatch.search`, on a device of torch.

    One view is on the device at a time, whichever thread brings it.

    Parameters
    ----------
    device : str
        ``"cuda"`` or ``"cpu"``.
    free_bytes : callable, optional
        How much memory of the device is free; asked for each view.
    """

    def __init__(self, device: str, free_bytes: Callable[[], int] | None = None) -> None:
        self.device = device
        self._free_bytes = free_bytes or (_free_on_cuda if device == "cuda" else None)
        self._turn = threading.Lock()
        #: Pixels at a time; smaller once memory was short.
        self.pixels = 0

    def __call__(
        self,
        planes: Planes,
        pictures: Compared,
        alike: int,
        rounds: int,
        begin: int = 0,
        seed: int = 0,
    ) -> None:
        """Improve `planes` in place; see `patchmatch.search`.

        Raises
        ------
        MeshError
            The device's memory doesn't suffice for the smallest tile.
        """
        import torch

        # cuDNN's own sampler is none for grids of a million rows
        with self._turn, torch.inference_mode(), torch.backends.cudnn.flags(enabled=False):
            room = self._tile()
            self.pixels = min(self.pixels or room, room)
            try:
                self._search(
                    planes, pictures, min(alike, len(pictures.others)), rounds, begin, seed
                )
            except torch.OutOfMemoryError as error:
                raise _too_little() from error

    def _search(
        self,
        planes: Planes,
        pictures: Compared,
        alike: int,
        rounds: int,
        begin: int,
        seed: int,
    ) -> None:
        import torch

        scene = _Scene(pictures, self.device)
        inverse, slope, cost = (
            torch.tensor(one, device=self.device)
            for one in (planes.inverse.ravel(), planes.slope.reshape(-1, 2), planes.cost.ravel())
        )
        state = _State(inverse, slope, cost, pictures.own.shape)
        inside = state.inside(self.device)
        variance = torch.zeros_like(inverse)
        self._in_tiles(inside.flatten().nonzero()[:, 0], scene.measure(variance))
        known = (inverse > 0) & (variance > float(pm.NOISE)) & inside.flatten()
        shared = known.nonzero()[:, 0]
        height, width = state.shape
        black = (shared // width + shared % width) % 2
        for turn in range(begin - 1, begin + rounds):
            for colour in (0, 1):
                # the colour that the compiled search calls 0 has x + y even
                at = shared[black == colour]
                draws = _draws(state.shape, seed + 2 * turn + colour, self.device)
                self._in_tiles(at, scene.improve(state, variance, alike, turn, turn < begin, draws))
        planes.inverse[:] = inverse.reshape(height, width).cpu().numpy()
        planes.slope[:] = slope.reshape(height, width, 2).cpu().numpy()
        planes.cost[:] = cost.reshape(height, width).cpu().numpy()

    def _in_tiles(self, at: Any, work: Callable[[Any], None]) -> None:
        """`work` on pixels, as many at a time as there is room for."""
        import torch

        begin = 0
        while begin < len(at):
            try:
                work(at[begin : begin + self.pixels])
                begin += self.pixels
            except torch.OutOfMemoryError:
                if self.pixels <= LEAST_PIXELS:
                    raise
                self.pixels = max(LEAST_PIXELS, self.pixels // 2)
                log.warning("the GPU's memory is short: %d pixels at a time", self.pixels)
                if self.device == "cuda":
                    torch.cuda.empty_cache()

    def _tile(self) -> int:
        """Pixels that fit into what is free now."""
        if self._free_bytes is None:
            return _ON_PROCESSOR
        fit = int(_SHARE * self._free_bytes() / _BYTES_A_PIXEL)
        if fit < LEAST_PIXELS:
            raise _too_little()
        return fit


def _free_on_cuda() -> int:
    import torch

    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info()[0])


def _too_little() -> MeshError:
    return MeshError(
        "The graphics processor has too little free memory to find depth.",
        "Close other programs that use it, or let the processor do it (densify.engine=high).",
    )


def _draws(shape: tuple[int, int], seed: int, device: str) -> Any:
    """Numbers from -1 to 1: a depth and two slopes for each try, a row each, for every pixel."""
    import torch

    generator = torch.Generator().manual_seed(seed + 2)
    drawn = torch.rand((3 * pm.RANDOM_TRIES, shape[0] * shape[1]), generator=generator)
    return (2 * drawn - 1).to(device)


@dataclass(frozen=True)
class _State:
    """Planes and costs, a row a pixel of a picture (h, w)."""

    inverse: Any
    slope: Any
    cost: Any
    shape: tuple[int, int]

    def inside(self, device: str) -> Any:
        """Whether each pixel's patch lies in the picture, (h, w)."""
        import torch

        mask = torch.zeros(self.shape, dtype=torch.bool, device=device)
        mask[pm.REACH_PX : -pm.REACH_PX, pm.REACH_PX : -pm.REACH_PX] = True
        return mask


class _Scene:
    """The pictures on the device, and what is done to a tile of pixels."""

    def __init__(self, pictures: Compared, device: str) -> None:
        import torch

        self.width = pictures.own.shape[1]
        self.own = torch.tensor(pictures.own.ravel(), device=device)
        self.others = torch.tensor(pictures.others, device=device)[:, None, None]
        self.sizes = pictures.sizes.tolist()
        self.A, self.b = pictures.A.tolist(), pictures.b.tolist()
        self.focal_px = float(pictures.focal_px)
        along = torch.arange(-pm.REACH_PX, pm.REACH_PX + 1, pm.STEP_PX, device=device)
        dy, dx = (one.flatten() for one in torch.meshgrid(along, along, indexing="ij"))
        self.steps = dy * self.width + dx
        self.dx, self.dy = dx.float(), dy.float()
        self.near = torch.tensor(pm.NEAR, device=device)

    def measure(self, variance: Any) -> Callable[[Any], None]:
        """Write each patch's weighted variance into `variance`."""

        def work(at: Any) -> None:
            patch, weight = self._read(at)
            variance[at] = (weight * patch * patch).sum(dim=1)

        return work

    def improve(
        self, state: _State, variance: Any, alike: int, turn: int, only_cost: bool, draws: Any
    ) -> Callable[[Any], None]:
        """Try planes from neighbours and at random, of which the best are kept."""
        import torch

        fine = 0.5 ** max(turn, 0)

        def work(at: Any) -> None:
            patch, weight = self._read(at)
            own = variance[at]
            w, g = state.inverse[at], state.slope[at]
            if only_cost:
                state.cost[at] = self._cost(at, patch, weight, own, w, g, alike)
                return
            c = state.cost[at]
            for k in range(4 + pm.RANDOM_TRIES):
                if k < 4:
                    v, h, tried = self._from(state, at, pm.FROM[k].tolist(), w, g)
                else:
                    v, h = self._changed(w, g, k, fine, draws[3 * (k - 4) : 3 * (k - 3), at])
                    tried = v > 0
                steep = (h * h).sum(dim=1) * self.focal_px**2 > (pm.STEEPEST * v) ** 2
                rows = (tried & ~steep).nonzero()[:, 0]
                d = torch.full_like(c, float("inf"))
                d[rows] = self._cost(
                    at[rows], patch[rows], weight[rows], own[rows], v[rows], h[rows], alike
                )
                better = d < c
                c, w = torch.where(better, d, c), torch.where(better, v, w)
                g = torch.where(better[:, None], h, g)
            state.inverse[at], state.slope[at], state.cost[at] = w, g, c

        return work

    def _from(
        self, state: _State, at: Any, offsets: list[list[int]], w: Any, g: Any
    ) -> tuple[Any, ...]:
        """The cheapest plane of some places, and whether it is there and another one."""
        import torch

        y, x = at // self.width, at % self.width
        costs, places = [], []
        for dy, dx in offsets:
            v, u = y + dy, x + dx
            within = (v >= 0) & (v < state.shape[0]) & (u >= 0) & (u < self.width)
            beside = torch.where(within, at + dy * self.width + dx, at)
            there = within & (state.inverse[beside] > 0)
            costs.append(torch.where(there, state.cost[beside], float("inf")))
            places.append(beside)
        least, which = torch.stack(costs).min(dim=0)
        beside = torch.stack(places).gather(0, which[None])[0]
        dy, dx = torch.tensor(offsets, device=at.device)[which].T
        v, h = state.inverse[beside], state.slope[beside]
        v = v - h[:, 0] * dx - h[:, 1] * dy
        apart = (v - w).abs() + pm.REACH_PX * (h - g).abs().sum(dim=1)
        return v, h, least.isfinite() & (v > 0) & (apart >= float(pm.SAME) * w)

    def _changed(self, w: Any, g: Any, k: int, fine: float, drawn: Any) -> tuple[Any, Any]:
        """The planes with their depth, slope, or both changed at random."""
        v, h = w, g
        if k != 5:
            v = v * (1 + pm.RANDOM * fine * drawn[0])
        if k != 4:
            most = pm.SLOPE if k == 5 else fine
            h = h + (most / self.focal_px) * v[:, None] * drawn[1:].T
        return v, h

    def _read(self, at: Any) -> tuple[Any, Any]:
        """Patches less their means, and their pixels' weights, (n, side^2)."""
        patch = self.own[at[:, None] + self.steps]
        unlike = (patch - self.own[at][:, None]) ** 2
        weight = self.near * (-unlike * float(pm.UNLIKE)).exp()
        weight = weight / weight.sum(dim=1, keepdim=True)
        return patch - (weight * patch).sum(dim=1, keepdim=True), weight

    def _cost(
        self, at: Any, patch: Any, weight: Any, variance: Any, w: Any, g: Any, alike: int
    ) -> Any:
        """Mean over the views that look most alike."""
        import torch

        y, x = (at // self.width).float(), (at % self.width).float()
        costs = torch.stack(
            [self._one_cost(k, y, x, patch, weight, variance, w, g) for k in range(len(self.A))]
        )
        return costs.topk(alike, dim=0, largest=False).values.mean(dim=0)

    def _one_cost(
        self, k: int, y: Any, x: Any, patch: Any, weight: Any, variance: Any, w: Any, g: Any
    ) -> Any:
        """1 - correlation with what the planes show of the patches in the k-th other picture."""
        import torch
        from torch.nn.functional import grid_sample

        A, b, (height, width) = self.A[k], self.b[k], self.sizes[k]
        row = [A[i][0] * x + A[i][1] * y + A[i][2] + b[i] * w for i in range(3)]
        ahead = row[2] > 1e-9
        s = 1 / torch.where(ahead, row[2], torch.ones_like(row[2]))
        u, v = row[0] * s, row[1] * s
        (ux, uy), (vx, vy) = (
            tuple(
                (A[i][j] + b[i] * g[:, j] - place * (A[2][j] + b[2] * g[:, j])) * s for j in (0, 1)
            )
            for i, place in ((0, u), (1, v))
        )
        wide = pm.REACH_PX * (ux.abs() + uy.abs()) + float(pm.INSIDE_PX)
        high = pm.REACH_PX * (vx.abs() + vy.abs()) + float(pm.INSIDE_PX)
        shown = ahead & (u >= wide) & (u + wide < width - 1) & (v >= high) & (v + high < height - 1)
        pu = u[:, None] + ux[:, None] * self.dx + uy[:, None] * self.dy
        pv = v[:, None] + vx[:, None] * self.dx + vy[:, None] * self.dy
        picture = self.others[k]
        grid = torch.stack(
            [pu * (2 / (picture.shape[3] - 1)) - 1, pv * (2 / (picture.shape[2] - 1)) - 1], dim=-1
        )
        value = grid_sample(picture, grid[None], align_corners=True)[0, 0]
        much = weight * value
        total = much.sum(dim=1)
        theirs = (much * value).sum(dim=1) - total * total
        product = (much * patch).sum(dim=1)
        good = shown & (theirs >= float(pm.NOISE))
        cost = 1 - product * (torch.where(good, theirs, torch.ones_like(theirs)) * variance).rsqrt()
        return torch.where(good, cost.clamp(max=float(pm.WORST)), float(pm.WORST))
