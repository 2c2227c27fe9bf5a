"""The workers of a batch: processes of this machine, or those of any Dask scheduler."""

from __future__ import annotations

import importlib
import logging
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import stitchsketch_kernel
from stitchsketch_kernel.domain.errors import RunError, SettingsError
from stitchsketch_kernel.pipeline.batch.jobs import Workers

if TYPE_CHECKING:
    from distributed import Client

_PROCESSORS_A_WORKER = 4
_ANSWER_S = 30.0
_LOOK_EVERY_S = 0.2
#: Dask's pages of a worker are open to every account of the machine.
_NO_PAGES: dict[str, Any] = {
    f"distributed.{who}.http.routes": [] for who in ("worker", "scheduler", "nanny")
}
#: Where a row that needs no GPU goes, if any worker offers it; so that GPUs are left to the others.
CPU, GPU = "cpu", "gpu"


@contextmanager
def open_workers(workers: Workers) -> Iterator[Client]:
    """The workers, for as long as they are used.

    Raises
    ------
    SettingsError
        Dask isn't installed, or workers have another version of this package.
    RunError
        No scheduler answers at that address, or it has no worker.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
        import dask
    except ModuleNotFoundError as error:
        raise SettingsError(
            "What runs many scans at once is not installed.",
            "Install it: pip install 'stitchsketch[batch]'.",
        ) from error
    if workers.scheduler:
        with _quiet(), _client(distributed, workers.scheduler) as client:
            _require_version(client)
            yield client
        return
    with (
        tempfile.TemporaryDirectory(prefix="stitchsketch-batch-", ignore_cleanup_errors=True) as at,
        dask.config.set({"temporary-directory": at, **_NO_PAGES}),
        _quiet(),
        _local(workers, at) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(1, timeout=120)
        yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """What a lost worker was at is said by this package, in words, and not by Dask."""
    for name in ("distributed", "distributed.scheduler", "distributed.nanny", "distributed.worker"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        # said of every machine that is busy
        warnings.filterwarnings("ignore", message="Creating scratch directories")
        yield


def local_counts(workers: Workers) -> tuple[int, int]:
    """How many processes without a GPU, and the bytes that each worker's stage may hold."""
    from dask.system import CPU_COUNT
    from distributed.system import MEMORY_LIMIT

    wanted = workers.count
    if not wanted:
        wanted = 0 if workers.gpus else max(1, CPU_COUNT // _PROCESSORS_A_WORKER)
    share = MEMORY_LIMIT // max(1, wanted + workers.gpus)
    return wanted, workers.memory_bytes or share


def _local(workers: Workers, folder: str) -> Any:
    from dask.system import CPU_COUNT
    from distributed import Nanny, Scheduler, SpecCluster
    from distributed.security import Security

    count, memory_bytes = local_counts(workers)
    threads = str(max(1, CPU_COUNT // (count + workers.gpus)))
    # a bare scheduler's port would run anything that any account of this machine asks
    security = Security.temporary()  # type: ignore[no-untyped-call]
    place = {"host": "127.0.0.1", "protocol": "tls", "security": security}
    common = {
        **place, "nthreads": 1, "memory_limit": memory_bytes, "local_directory": folder,
        "dashboard": False, "silence_logs": logging.CRITICAL, "preload": [f"{__package__}.work"],
    }  # fmt: skip
    environment = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    specs: dict[Any, Any] = {}
    for number in range(count):
        hidden = {"CUDA_VISIBLE_DEVICES": ""} if workers.gpus else {}
        options = {**common, "resources": {CPU: 1}, "env": environment | hidden}
        specs[f"cpu-{number}"] = {"cls": Nanny, "options": options}
    for number in range(workers.gpus):
        shown = {"CUDA_VISIBLE_DEVICES": str(number)}
        options = {**common, "resources": {GPU: 1}, "env": environment | shown}
        specs[f"gpu-{number}"] = {"cls": Nanny, "options": options}
    scheduler = {
        "cls": Scheduler,
        "options": {**place, "port": 0, "dashboard": False, "idle_timeout": None},
    }
    return SpecCluster(  # type: ignore[no-untyped-call]
        specs, scheduler, security=security, silence_logs=logging.CRITICAL
    )


@contextmanager
def _client(distributed: Any, address: str) -> Iterator[Any]:
    try:
        client = distributed.Client(address, timeout=_ANSWER_S, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise RunError(
            f"No Dask scheduler answers at {address}.",
            "Check the address; a scheduler is started with 'dask scheduler', workers with "
            "'dask worker ADDRESS --nthreads 1 --resources cpu=1' (or gpu=1).",
        ) from error
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"{address!r} is not the address of a scheduler ({error}).",
            "Write it as tcp://host:8786 or tls://host:8786.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_ANSWER_S)
        except TimeoutError as error:
            raise RunError(
                f"The scheduler at {address} has no worker.",
                f"Start one: dask worker {address} --nthreads 1 --resources cpu=1.",
            ) from error
        yield client


def _require_version(client: Any) -> None:
    """Rows must mean the same everywhere."""
    from stitchsketch_kernel.pipeline.batch.work import version

    ours = stitchsketch_kernel.__version__
    try:
        found = client.run(version)
    except Exception as error:
        raise SettingsError(
            f"A worker can't run stitchsketch ({error}).", "Install it on every worker's machine."
        ) from error
    for worker, theirs in found.items():
        if theirs != ours:
            raise SettingsError(
                f"The worker {worker} has stitchsketch {theirs}, this machine {ours}.",
                "Install the same version everywhere.",
            )


@dataclass(frozen=True)
class Room:
    """What a kind of row asks of a worker, and how many of them can be at work at once."""

    resources: dict[str, float]
    rows: int


def rooms(client: Client) -> dict[bool, Room]:
    """The room for rows that need no GPU, and for those that do, as the workers are now."""
    known = client.scheduler_info(n_workers=-1)["workers"].values()
    offered = {
        what: int(sum(one.get("resources", {}).get(what, 0) for one in known))
        for what in (CPU, GPU)
    }
    if offered[CPU]:
        anywhere = Room({CPU: 1}, offered[CPU])
    else:
        anywhere = Room({}, sum(one["nthreads"] for one in known))
    return {False: anywhere, True: Room({GPU: 1}, offered[GPU])}


def a_gpu_is_offered(client: Client) -> bool:
    """Whether a worker offers a GPU; one that is still being started is waited for."""
    limit = time.monotonic() + _ANSWER_S
    while not rooms(client)[True].rows:
        if time.monotonic() > limit:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True
