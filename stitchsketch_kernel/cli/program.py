"""The command line: ``stitchsketch run``, ``nest``, ``mat``, ``demo``, ``gateway``, and others.

Exit codes: 0 done; 2 something a person can act on, told in one sentence on standard error (also
when the size is not known: then the pictures are there and no cut file is); 130 stopped by Ctrl-C;
1 a fault of the program.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import stitchsketch_kernel
from stitchsketch_kernel.cli.batch import add_batch
from stitchsketch_kernel.cli.cover import add_cover
from stitchsketch_kernel.cli.gateway import add_gateway
from stitchsketch_kernel.cli.keep import add_commands
from stitchsketch_kernel.cli.mat import add_mat
from stitchsketch_kernel.cli.measure import add_measure
from stitchsketch_kernel.cli.nest import add_nest
from stitchsketch_kernel.cli.run import add_demo, add_run
from stitchsketch_kernel.cli.splat import add_splat
from stitchsketch_kernel.cli.work import add_work
from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.progress import Cancelled

DONE, FAULT, REFUSED, STOPPED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    given = _parser().parse_args(arguments)
    level = logging.INFO if given.verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        with _stopped_by_terminate():
            given.do(given)
    except StitchSketchError as error:
        print(f"stitchsketch: {error}", file=sys.stderr)
        return REFUSED
    except (KeyboardInterrupt, Cancelled):
        print("stitchsketch: stopped. The same command goes on from there.", file=sys.stderr)
        return STOPPED
    except Exception as error:
        logging.getLogger(__name__).info("where it happened", exc_info=True)
        print(f"stitchsketch: a fault of the program. {error}", file=sys.stderr)
        return FAULT
    return DONE


@contextmanager
def _stopped_by_terminate() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: the kernel is stopped and ``run.json`` says so."""
    before = signal.signal(signal.SIGTERM, lambda *_: _interrupt())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt() -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stitchsketch",
        description="Photos of a piece of furniture in, cut-ready patterns out.",
        epilog="Exit codes: 0 done, 2 something to act on (one sentence), 130 stopped, 1 a fault.",
    )
    parser.add_argument("--version", action="version", version=stitchsketch_kernel.__version__)
    parser.add_argument("-v", "--verbose", action="store_true", help="tell more on standard error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_run(commands)
    add_batch(commands)
    add_cover(commands)
    add_measure(commands)
    add_splat(commands)
    add_nest(commands)
    add_mat(commands)
    add_demo(commands)
    add_commands(commands)
    add_gateway(commands)
    add_work(commands)
    return parser
