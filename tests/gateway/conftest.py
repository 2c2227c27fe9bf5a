"""A gateway on a real socket, people of two shops, and a provider that signs their tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from provider import Provider
from serving import PROVIDER, Serving, memory, people, served


@pytest.fixture(scope="session")
def provider() -> Provider:
    return PROVIDER()


@pytest.fixture(scope="module")
def quick_disk() -> Iterator[Path]:
    """A folder in memory where there is one: the matrix keeps thousands of things for sure."""
    with TemporaryDirectory(dir=memory()) as folder:
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
