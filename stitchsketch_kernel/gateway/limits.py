"""How often one may ask, how long one may be silent, headers of every answer, and the prefix."""

from __future__ import annotations

import anyio
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stitchsketch_kernel.gateway.problems import ProblemError

#: JSON that anybody sends; files have limits of their own.
MOST_JSON_BYTES = 1_000_000

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    # a photo with a script in it, opened straight in a browser, must stay a picture
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; sandbox",
}


class Rates:
    """Requests of each caller, counted by the minute.

    Parameters
    ----------
    requests_per_minute : int
    """

    def __init__(self, requests_per_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._most = RateLimitItemPerMinute(requests_per_minute)

    def count(self, who: str) -> None:
        """Count a request.

        Raises
        ------
        ProblemError
            429: one too many in this minute.
        """
        if not self._limiter.hit(self._most, who):
            raise _too_many()

    def require_patience(self, who: str) -> None:
        """Refuse whoever has none left, without counting.

        Raises
        ------
        ProblemError
            429: the requests of this minute are used up.
        """
        if not self._limiter.test(self._most, who):
            raise _too_many()


def _too_many() -> ProblemError:
    return ProblemError(
        429, "These are too many requests in a minute.", "Wait a minute and go on.",
        {"Retry-After": "60"},
    )  # fmt: skip


class Behind:
    """Serves below a prefix, whether the proxy before it takes the prefix away or not.

    Parameters
    ----------
    app : ASGIApp
    prefix : str
        Like ``/services/gateway``; empty: none.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if self._prefix and scope["type"] == "http":
            path = scope["path"]
            if not f"{path}/".startswith(f"{self._prefix}/"):
                path = self._prefix + path
            # what is sent elsewhere is sent below the prefix, too
            scope = {**scope, "path": path, "root_path": self._prefix}
        await self._app(scope, receive, send)


class Manners:
    """Adds the headers; gives up senders of endless JSON, and those that fall silent midway.

    Parameters
    ----------
    app : ASGIApp
    receive_s : float
        For how long a sender may be silent.
    """

    def __init__(self, app: ASGIApp, receive_s: float) -> None:
        self._app, self._receive_s = app, receive_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        whole, came = False, 0
        # uploads are held against what was said when they began, while they come
        most = None if scope["method"] == "PATCH" else MOST_JSON_BYTES

        async def patient() -> Message:
            nonlocal whole, came
            if whole:  # what comes now is the end of the connection, in its own time
                return await receive()
            try:
                with anyio.fail_after(self._receive_s):
                    message = await receive()
            except TimeoutError as error:
                raise ProblemError(
                    408, f"Nothing came for {self._receive_s:.0f} seconds.",
                    "Go on with the upload from its offset.", {"Connection": "close"},
                ) from error  # fmt: skip
            came += len(message.get("body", b""))
            if most is not None and came > most:
                raise ProblemError(
                    413, f"The request is larger than {most / 1e6:.0f} MB.",
                    "Send files as uploads.", {"Connection": "close"},
                )  # fmt: skip
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def mannered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, patient, mannered)
