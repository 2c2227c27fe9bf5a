"""The numbered stages, their hashes, the run folder, and the Papermill runner.

Joins the computing rooms with the keeping rooms; neither of those knows the other.

From Python::

    from stitchsketch_kernel.pipeline import RunSettings, run

    record = run(Path("photos"), Path("job"), RunSettings(values={"align.max_features": 8192}))

`runner` goes through the stages; `stage` says what a stage is, `stages/` holds the nine;
`keys` decides what is computed again, `folder` keeps a run's folder whole, `record` is
``run.json``; `notebook` and `engine` execute; `context` is the stage's side, inside the kernel;
`settings` finds a setting by name, `artefacts` keeps the domain's values in files, `tracking`
tells the project store.
"""

from stitchsketch_kernel.pipeline.asked import FIRST_LOOK
from stitchsketch_kernel.pipeline.record import RunRecord, StageRecord
from stitchsketch_kernel.pipeline.runner import RunSettings, check, run

__all__ = ["FIRST_LOOK", "RunRecord", "RunSettings", "StageRecord", "check", "run"]
