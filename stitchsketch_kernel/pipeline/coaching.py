"""Where photos are missing, told from their mats before a run, and from the model after it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.files import plain
from stitchsketch_kernel.pipeline.stages.reading import mesh_of

if TYPE_CHECKING:
    from stitchsketch_kernel.imaging.look import PhotoLook
    from stitchsketch_kernel.reconstruction.coach import Coverage
    from stitchsketch_kernel.reconstruction.mat_views import MatViews
    from stitchsketch_kernel.reconstruction.unseen import UnseenPart

log = logging.getLogger(__name__)

_MOST_S = 300.0


@dataclass(frozen=True)
class Coached:
    """What is known of where photos were taken.

    Attributes
    ----------
    coverage : Coverage, optional
        None: too few photos could be placed.
    placed : MatViews, optional
        By the mats; None after an alignment.
    unseen : tuple of UnseenPart
        Of the mesh, once there is one.
    """

    coverage: Coverage | None
    placed: MatViews | None = None
    unseen: tuple[UnseenPart, ...] = ()


def coach_by_mats(
    looks: Sequence[PhotoLook], boards: Sequence[Board], front: str = "", bad: Sequence[str] = ()
) -> Coached:
    """Where photos were taken, by the mats in them.

    Parameters
    ----------
    looks : sequence of PhotoLook
    boards : sequence of Board
    front : str
        The photo that shows the front.
    bad : sequence of str
        Photos that can't be used.
    """
    from stitchsketch_kernel.reconstruction.coach import coverage
    from stitchsketch_kernel.reconstruction.mat_views import views_from_mats

    cameras = {look.photo.name: _camera(look) for look in looks}
    placed = views_from_mats(cameras, [tag for look in looks for tag in look.tags], boards)
    return Coached(coverage(placed.views, front, frozenset(bad)), placed)


def coach_by_run(run_dir: Path, front: str = "") -> Coached:
    """Where photos were taken, by a run's model; `unseen_of` tells the rest.

    Raises
    ------
    RunError
        The run has no model yet.
    """
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.reconstruction.coach import coverage

    try:
        model = open_stage(run_dir, "mesh").read("scale", "model", SparseModel)
    except OSError as error:
        raise RunError("This run has no model yet.", "Wait until it is made.") from error
    return Coached(coverage(model.views, front))


def unseen_of(run_dir: Path) -> tuple[UnseenPart, ...]:
    """The parts of a run's mesh that too few photos saw, found in a process of its own.

    What casts the rays (Open3D) takes more memory than a person's page may have.

    Raises
    ------
    RunError
        They can't be found.
    """
    import numpy as np

    from stitchsketch_kernel.reconstruction.unseen import UnseenPart

    command = [sys.executable, "-m", __spec__.name, str(run_dir)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_MOST_S, check=False
    )
    if done.returncode:
        log.warning("%s", done.stderr.decode(errors="replace")[-2000:])
        raise RunError("What the photos did not see could not be found.", "Look at the mesh.")
    return tuple(
        UnseenPart(np.asarray(one["middle_m"]), np.asarray(one["normal"]), one["area_m2"])
        for one in json.loads(done.stdout)
    )


def main(arguments: Sequence[str]) -> int:
    """Write the unseen parts of a run's mesh to standard output, as JSON."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.reconstruction.unseen import unseen_parts

    stage = open_stage(Path(arguments[0]), "mesh")
    model = stage.read("scale", "model", SparseModel)
    found = [asdict(part) for part in unseen_parts(mesh_of(stage), model.views)]
    sys.stdout.write(json.dumps(plain(found)))
    return 0


def _camera(look: PhotoLook) -> Camera | tuple[int, int]:
    photo = look.photo
    if photo.focal_px is None:
        return photo.width_px, photo.height_px
    middle = photo.width_px / 2, photo.height_px / 2
    return Camera(photo.width_px, photo.height_px, photo.focal_px, photo.focal_px, *middle)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
