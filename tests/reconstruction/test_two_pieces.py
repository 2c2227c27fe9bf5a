"""Photos of two things in one folder are told apart, not made one."""

from __future__ import annotations

from dataclasses import replace

import cv2
import pytest

from stitchsketch_kernel.domain.errors import AlignError
from stitchsketch_kernel.reconstruction.align import AlignSettings, align


def test_photos_of_two_pieces_are_named(ball_photos, tmp_path):
    """The other piece is the ball's mirror image: nothing of it can be matched with the ball."""
    others = []
    for photo in ball_photos[:7]:
        path = tmp_path / f"other-{photo.name}"
        cv2.imwrite(str(path), cv2.imread(str(photo.path))[:, ::-1])
        others.append(replace(photo, name=path.name, path=path, sha256=path.name))
    settings = AlignSettings(max_features=1024)
    with pytest.raises(AlignError, match=r"two things.*00.png.*and so do other-00.png") as told:
        align((*ball_photos[:7], *others), tmp_path / "work", settings)
    assert "folder of its own" in told.value.todo
