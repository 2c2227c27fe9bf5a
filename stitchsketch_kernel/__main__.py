"""``python -m stitchsketch_kernel`` is the command line, where its script isn't on the path."""

import sys

from stitchsketch_kernel.cli import main

sys.exit(main())
