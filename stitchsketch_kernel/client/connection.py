"""One connection to the gateway: tokens, repeated requests, and problems as the kernel's errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import uuid4

import httpx

from stitchsketch_kernel.domain.errors import NotKeptError, SettingsError, StorageError

_TRIES = 4
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 10.0
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_LOCAL = {"localhost", "127.0.0.1", "::1"}
#: Answers after which the same request may be right a moment later.
_LATER = {429, 503}


class RefusedError(StorageError):
    """The gateway does not let this token's owner do that."""


class ConflictError(StorageError):
    """What is asked does not go with what stands at the gateway."""


class GatewayClient:
    """Asks a gateway; threads may share it.

    Parameters
    ----------
    url : str
        Of the gateway; https, or http to this machine.
    token : str or callable
        A callable is asked before each request, so that tokens may be renewed.

    Raises
    ------
    SettingsError
        The address isn't encrypted: a token must not be sent there.
    """

    def __init__(self, url: str, token: str | Callable[[], str]) -> None:
        address = httpx.URL(url)
        if address.scheme != "https" and address.host not in _LOCAL:
            raise SettingsError(
                "The gateway's address is not encrypted.", "Use https; http is for this machine."
            )
        self._token = token if callable(token) else lambda: token
        self._http = httpx.Client(base_url=url, timeout=_TIMEOUT)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask, and ask again when the line broke or the gateway was busy.

        Raises
        ------
        NotKeptError, ConflictError, RefusedError, StorageError
            As the gateway says.
        """
        headers = {**more.pop("headers", {})}
        if "json" in more:
            _require_plain(more["json"])
        if method == "POST":
            # the same words each time: what was done though no answer came is not done twice
            headers["Idempotency-Key"] = uuid4().hex
        wait_s = _FIRST_WAIT_S
        for left in reversed(range(_TRIES)):
            try:
                headers["Authorization"] = f"Bearer {self._token()}"
                answer = self._http.request(method, path, headers=headers, **more)
            except httpx.TransportError as error:
                if not left:
                    raise _silent(error) from error
            else:
                if answer.status_code not in _LATER or not left:
                    return _sound(answer)
                wait_s = max(wait_s, _told_to_wait_s(answer))
            time.sleep(min(wait_s, _LONGEST_WAIT_S))
            wait_s *= 2
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def reading(self, path: str, **more: Any) -> Iterator[httpx.Response]:
        """An answer whose content is read as it comes.

        Raises
        ------
        NotKeptError, RefusedError, StorageError
            As the gateway says, or the line broke.
        """
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            with self._http.stream("GET", path, headers=headers, **more) as answer:
                if answer.status_code >= 400:
                    answer.read()
                yield _sound(answer)
        except httpx.TransportError as error:
            raise _silent(error) from error

    @contextmanager
    def content(self, path: str, **more: Any) -> Iterator[httpx.Response]:
        """A file's content as it comes: by the gateway's link, or through it.

        Raises
        ------
        NotKeptError, RefusedError, StorageError
            As the gateway says, or the line broke.
        """
        with self.reading(path, **more) as answer:
            link = answer.headers["Location"] if answer.is_redirect else None
            if link is None:
                yield answer
                return
        # the store's address isn't one that every machine reaches
        with ExitStack() as stack:
            try:
                # without the token: it is for the gateway alone
                linked = stack.enter_context(httpx.stream("GET", link, timeout=_TIMEOUT))
                reached = linked.is_success
            except httpx.TransportError:
                reached = False
            if not reached:
                through = {**more.pop("params", {}), "link": "false"}
                linked = stack.enter_context(self.reading(path, params=through, **more))
            try:
                yield linked
            except httpx.TransportError as error:
                raise _silent(error) from error

    def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """A list that comes in parts, whole."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            more = {"cursor": cursor} if cursor else {}
            part = self.ask("GET", path, params={**params, "limit": 500, **more}).json()
            found += part["items"]
            cursor = part["next"]
            if cursor is None:
                return found


def _require_plain(body: Any) -> None:
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StorageError(
            f"This can't be kept ({error}).", "Figures must be plain, finite numbers."
        ) from error


def _sound(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < 400:
        return answer
    try:
        told = answer.json()
        what, todo = str(told["detail"]), str(told.get("todo", ""))
    except (ValueError, KeyError, TypeError):
        what, todo = f"The gateway answers {answer.status_code}.", "Try again in a while."
    kinds = {401: RefusedError, 403: RefusedError, 404: NotKeptError, 409: ConflictError}
    raise kinds.get(answer.status_code, StorageError)(what, todo)


def _silent(error: Exception) -> StorageError:
    return StorageError(
        f"The gateway does not answer ({type(error).__name__}).",
        "Look whether this machine is online, and try again.",
    )


def _told_to_wait_s(answer: httpx.Response) -> float:
    told = answer.headers.get("Retry-After", "0")
    return float(told) if told.isdigit() else 0.0
