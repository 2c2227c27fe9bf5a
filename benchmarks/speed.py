"""How fast the machine is just now: processor seconds of the same work each time.

    python benchmarks/speed.py

A virtual machine's processor second is worth half as much when its host is busy, and nothing in the
machine tells so. Seconds that were measured an hour apart can be held against each other by this.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

#: As many at a time as a run's stages keep busy on the smallest machine that counts.
AT_ONCE = 2


def reference_s() -> float:
    """Processor seconds of features in two pictures at once, five times."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (1200, 1600), dtype=np.uint8)
    picture = cv2.equalizeHist(cv2.GaussianBlur(noise, (0, 0), 3))
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        began = time.process_time()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(_features, [picture] * 5 * AT_ONCE))
        return time.process_time() - began
    finally:
        cv2.setNumThreads(threads)


def _features(picture: np.ndarray) -> int:
    return len(cv2.SIFT_create(2000).detect(picture))


if __name__ == "__main__":
    print(f"{reference_s():.1f} processor s")
