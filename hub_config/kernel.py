"""The kernel ``StitchSketch``: IPython's own, which says first what it has to compute with."""

from __future__ import annotations

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

import stitchsketch_kernel
from stitchsketch_kernel.pipeline.machine import this_machine


class StitchSketchKernel(IPythonKernel):
    """IPython's kernel with the machine in its greeting."""

    implementation = "stitchsketch"
    implementation_version = stitchsketch_kernel.__version__

    @property
    def banner(self) -> str:
        """What a console shows, and ``kernel_info`` tells."""
        return f"StitchSketch {stitchsketch_kernel.__version__}. {this_machine()}\n{self._usual()}"

    def _usual(self) -> Any:
        return self.shell.banner


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=StitchSketchKernel)
