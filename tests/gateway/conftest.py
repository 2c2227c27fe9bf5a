"""A gateway on a real socket, people of two shops, and a provider that signs their tokens."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from provider import Provider
from serving import Serving, people, served


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def quick_disk() -> Iterator[Path]:
    """A folder in memory where there is one: the matrix keeps thousands of things for sure."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def gateway(provider: Provider, quick_disk: Path) -> Iterator[Serving]:
    with served(provider, quick_disk) as serving:
        people(serving)
        yield serving


@pytest.fixture
def ask(gateway: Serving, provider: Provider) -> Callable[..., httpx.Response]:
    """Ask the gateway as somebody: ``ask("anna", "GET", "/projects")``."""

    def asking(who: str | None, method: str, path: str, **more: Any) -> httpx.Response:
        return gateway.ask(provider.token(who) if who else None, method, path, **more)

    return asking
