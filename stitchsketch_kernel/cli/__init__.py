"""The command line, a file a command; `main` is the program."""

from stitchsketch_kernel.cli.program import main

__all__ = ["main"]
