"""Photos into the gateway over real sockets: seconds, and how much memory the server takes.

    python benchmarks/gateway.py [--photos 200] [--megabytes 8] [--connections 4]
    python benchmarks/gateway.py --test-servers     in front of PostgreSQL, MongoDB and S3

A server of its own process, ``stitchsketch gateway``, with a provider's real keys. Each photo is a
real JPEG with that many bytes; each is read back and held against its SHA-256. One in ten is cut
off halfway and gone on with.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "gateway"))

from provider import AUDIENCE, Provider
from storage import test_servers

from stitchsketch_kernel.stores import Stores, StoreSettings
from stitchsketch_kernel.users.records import User


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--test-servers", action="store_true")
    asked = parser.parse_args()
    provider = Provider()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = StoreSettings(Path(folder))
        if asked.test_servers:
            settings = stack.enter_context(test_servers(settings.home))
        with Stores(settings) as stores:
            stores.users.keep(User("ben", "Nadel", "Ben"))
        env = {
            **os.environ,
            "STITCHSKETCH_DATABASE_URL": settings.database_url,
            "STITCHSKETCH_MONGO_URL": settings.mongo_url,
            "STITCHSKETCH_S3_ENDPOINT": settings.s3_endpoint,
            "STITCHSKETCH_S3_ACCESS_KEY": settings.s3_access_key,
            "STITCHSKETCH_S3_SECRET_KEY": settings.s3_secret_key,
            "STITCHSKETCH_HOME": folder,
            "STITCHSKETCH_GATEWAY_HOME": f"{folder}/gateway",
            "STITCHSKETCH_OIDC_ISSUER": provider.issuer,
            "STITCHSKETCH_OIDC_AUDIENCE": AUDIENCE,
        }
        told = "import sys; from stitchsketch_kernel.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", told, "gateway", "--port", "0"]
        with subprocess.Popen(
            command, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        ) as server:
            url = next((line for line in server.stderr if "gateway is at" in line), "")
            log = ThreadPoolExecutor(1).submit(server.stderr.read)
            url = url.partition("gateway is at ")[2].split()[0]
            try:
                measure(url, provider.token("ben"), server.pid, asked)
            finally:
                server.terminate()
                server.wait(20)
                faults = [line for line in log.result().splitlines() if "Traceback" in line]
                print(f"faults in the server's log: {len(faults)}")


def measure(url: str, token: str, pid: int, asked: argparse.Namespace) -> None:
    base, size = photo(), asked.megabytes * 1_000_000
    before_mb = memory_mb(pid, "VmRSS")
    with httpx.Client(
        base_url=url, timeout=120, headers={"Authorization": f"Bearer {token}"}
    ) as at:

        def one(number: int) -> str:
            # every photo is another: a comment of its own after the picture's end
            content = base + number.to_bytes(4, "big") * ((size - len(base)) // 4)
            sha256 = hashlib.sha256(content).hexdigest()
            told = {"name": f"IMG_{number}.jpg", "total_bytes": len(content), "sha256": sha256}
            path = f"/images/uploads/{at.post('/images/uploads', json=told).json()['id']}"
            here = len(content) // 2 if number % 10 == 0 else 0
            if here:  # half of it, in a request that ends there
                at.patch(path, content=content[:here], headers={"Upload-Offset": "0"})
                here = int(at.get(path).headers["Upload-Offset"])
            sent = at.patch(path, content=content[here:], headers={"Upload-Offset": str(here)})
            assert sent.json()["stored"]["sha256"] == sha256, sent.text
            return sha256

        began = time.perf_counter()
        with ThreadPoolExecutor(asked.connections) as pool:
            names = list(pool.map(one, range(asked.photos)))
        seconds = time.perf_counter() - began
        sent_mb = memory_mb(pid, "VmHWM")
        whole = sum(same(at, name) for name in names)
    print(
        f"{asked.photos} photos of {asked.megabytes} MB, {asked.connections} connections:", end=" "
    )
    print(f"{seconds:.1f} s, {asked.photos * size / 1e6 / seconds:.0f} MB/s, {whole} equal")
    print(
        f"memory of the server: {before_mb:.0f} MB before, {sent_mb:.0f} MB most as photos came, "
        f"{memory_mb(pid, 'VmHWM'):.0f} MB most with reading back"
    )


def photo() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=75)
    return file.getvalue()


def same(client: httpx.Client, sha256: str) -> bool:
    digest = hashlib.sha256()
    with client.stream("GET", f"/images/{sha256}") as answer:
        for piece in answer.iter_bytes():
            digest.update(piece)
    return digest.hexdigest() == sha256


def memory_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    main()
