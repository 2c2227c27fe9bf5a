"""COLMAP's own cameras from a row's photos: what a processor second is worth here and now.

    python benchmarks/peer.py FOLDER/rich-40/photos

The same machine gives one run's processor seconds a factor of two apart, by what else its host
does. COLMAP's cameras of the rich armchair's 40 photos took 218 processor seconds where the peer of
`README.md` was measured, those of the plain one 203: divide a row's seconds by what this tells,
times that, to hold them against the peer's. 4,096 features, all pairs, cameras one after the other.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pycolmap

FEATURES = 4096


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    given = parser.parse_args()
    pycolmap.logging.minloglevel = int(pycolmap.logging.Level.WARNING)
    before = time.process_time(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        placed = cameras(given.photos, Path(folder))
    print(
        f"{given.photos}: {placed} cameras, {time.process_time() - before[0]:.0f} processor s, "
        f"{time.monotonic() - before[1]:.0f} s"
    )


def cameras(photos: Path, folder: Path) -> int:
    """How many photos COLMAP places by itself."""
    database = folder / "database.db"
    extraction = pycolmap.FeatureExtractionOptions()
    extraction.sift.max_num_features = FEATURES
    pycolmap.extract_features(
        database, photos, camera_mode=pycolmap.CameraMode.SINGLE, extraction_options=extraction
    )
    pycolmap.match_exhaustive(database)
    found = pycolmap.incremental_mapping(database, photos, folder)
    return max((one.num_reg_images() for one in found.values()), default=0)


if __name__ == "__main__":
    main()
