"""A gateway on a real socket, people of two shops, and a provider that signs their tokens."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
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
def gateway(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with served(provider, tmp_path_factory.mktemp("gateway")) as serving:
        people(serving)
        yield serving


@pytest.fixture
def ask(gateway: Serving, provider: Provider) -> Callable[..., httpx.Response]:
    """Ask the gateway as somebody: ``ask("anna", "GET", "/projects")``."""

    def asking(who: str | None, method: str, path: str, **more: Any) -> httpx.Response:
        return gateway.ask(provider.token(who) if who else None, method, path, **more)

    return asking
