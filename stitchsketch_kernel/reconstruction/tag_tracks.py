"""Tags of mats as features that are never mistaken for each other.

A tag's number says which it is, so that its centre joins all photos that show it, those from
opposite sides too, whatever the cloth looks like. A plain chair with few features of its own is
placed by them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.board import TagSighting

#: Photos that had nothing else in common are joined by this many tags.
LEAST_TAGS = 6
#: A centre is found to 0.04 px, a feature to 0.3: it has the say of so many features.
COUNTS_AS = 8

_Tag = tuple[str, int]


def add_tags(database: Path, names: dict[str, str], sightings: Sequence[TagSighting]) -> int:
    """Add the centres of tags to the features, and to the matches of all pairs that share them.

    Comparing features comes before: the centres have no descriptors.

    Parameters
    ----------
    database : Path
        Of COLMAP, with verified matches.
    names : dict of str to str
        The photo's name for each of COLMAP's image names.
    sightings : sequence of TagSighting

    Returns
    -------
    int
        Pairs of photos that share tags now.
    """
    with pycolmap.Database.open(database) as db:
        ids = {names[image.name]: image.image_id for image in db.read_all_images()}
        rows = {
            ids[photo]: _with_centres(db, ids[photo], seen)
            for photo, seen in _by_photo(sightings).items()
            if photo in ids
        }
        return sum(_joined(db, a, b, rows) for a, b in combinations(sorted(rows), 2))


def _by_photo(sightings: Sequence[TagSighting]) -> dict[str, dict[_Tag, TagSighting]]:
    """Each photo's tags; one that is seen twice in a photo may be either and counts for none."""
    seen: dict[str, dict[_Tag, list[TagSighting]]] = defaultdict(lambda: defaultdict(list))
    for sighting in sightings:
        seen[sighting.photo][sighting.dictionary, sighting.tag_id].append(sighting)
    return {
        photo: {tag: found[0] for tag, found in tags.items() if len(found) == 1}
        for photo, tags in seen.items()
    }


def _with_centres(db: Any, image_id: int, tags: dict[_Tag, TagSighting]) -> dict[_Tag, int]:
    """Append the centres to an image's features; each tag's row among them."""
    keys = np.asarray(db.read_keypoints(image_id), dtype=np.float32)
    order = [tag for tag in sorted(tags) for _ in range(COUNTS_AS)]
    more = np.zeros((len(order), keys.shape[1]), dtype=np.float32)
    # a feature's shape (scale, turn) is used nowhere once it is matched
    if keys.shape[1] == 6:
        more[:, [2, 5]] = 1.0
    elif keys.shape[1] == 4:
        more[:, 2] = 1.0
    for row, tag in enumerate(order):
        more[row, :2] = tags[tag].centre_px
    db.update_keypoints(image_id, np.vstack([keys, more]))
    return {tag: len(keys) + COUNTS_AS * row for row, tag in enumerate(sorted(tags))}


def _joined(db: Any, a: int, b: int, rows: dict[int, dict[_Tag, int]]) -> bool:
    """Add the tags that two photos share to what joins them; whether they are joined by them."""
    shared = sorted(rows[a].keys() & rows[b].keys())
    if not shared:
        return False
    first = np.array([[rows[a][tag], rows[b][tag]] for tag in shared], dtype=np.uint32)
    matches = (first[:, None] + np.arange(COUNTS_AS, dtype=np.uint32)[:, None]).reshape(-1, 2)
    if db.exists_two_view_geometry(a, b):
        geometry = db.read_two_view_geometry(a, b)
        known: AnyArray = np.asarray(geometry.inlier_matches, dtype=np.uint32).reshape(-1, 2)
        if len(known):
            geometry.inlier_matches = np.vstack([known, matches])
            db.update_two_view_geometry(a, b, geometry)
            return True
        db.delete_two_view_geometry(a, b)
    if len(shared) < LEAST_TAGS:
        return False
    geometry = pycolmap.TwoViewGeometry()
    geometry.config = pycolmap.TwoViewGeometryConfiguration.CALIBRATED
    geometry.inlier_matches = matches
    db.write_two_view_geometry(a, b, geometry)
    return True
