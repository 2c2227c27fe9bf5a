"""The command line, a file a command; `main` is the program."""

import os

# before numpy is loaded: photos are rendered, and much else is done, by threads of our own, beside
# which BLAS's threads wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from stitchsketch_kernel.cli.program import main

__all__ = ["main"]
