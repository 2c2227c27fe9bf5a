"""Workers: programs that take runs out of the queue and bring them to their end.

`loop` takes runs and starts a process for each; `one` is that process; `placing` lays a run's
folder out: its photos from the stores, and what an earlier run of the scan has finished.
"""

from stitchsketch_kernel.pipeline.worker.loop import Worker, WorkSettings

__all__ = ["WorkSettings", "Worker"]
