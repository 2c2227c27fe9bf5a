"""Many scans, each a run of its own, on the processes of this machine or of others, by Dask.

`jobs` is what a row asks and what became of it; `reading` reads the file of rows and finds its
mistakes; `cluster` opens the workers; `work` is a row on a worker; `rows` hands them out and takes
them back; `summary` is ``summary.csv``.

Only `cluster`, `work` and `rows` know Dask, and import it where they use it.
"""

from stitchsketch_kernel.pipeline.batch.jobs import Job, Outcome, Workers
from stitchsketch_kernel.pipeline.batch.reading import read_jobs
from stitchsketch_kernel.pipeline.batch.rows import BatchSettings, run_batch

__all__ = ["BatchSettings", "Job", "Outcome", "Workers", "read_jobs", "run_batch"]
