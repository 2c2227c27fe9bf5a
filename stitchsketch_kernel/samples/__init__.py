"""Procedural furniture with exact truth, rendered as photos. For demo, tests and benchmarks."""

from __future__ import annotations

from stitchsketch_kernel.samples.looks import LOOKS
from stitchsketch_kernel.samples.photos import render_photos
from stitchsketch_kernel.samples.sample import SAMPLE_NAMES, Sample, build_sample

__all__ = ["LOOKS", "SAMPLE_NAMES", "Sample", "build_sample", "render_photos"]
