"""Which S3 server, and as whom."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from minio import Minio

from stitchsketch_kernel.domain.errors import SettingsError


@dataclass(frozen=True)
class S3Settings:
    """An S3 server and the account there.

    Attributes
    ----------
    endpoint : str
        ``https://host`` or ``http://host:port``.
    access_key, secret_key : str
    bucket : str
        All shops' objects are in this one, each shop's under a prefix of its own.
    region : str
        Empty: what the server says.
    """

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str = "stitchsketch"
    region: str = ""

    def __repr__(self) -> str:
        return f"S3Settings({self.endpoint!r}, {self.access_key!r}, ..., {self.bucket!r})"

    def client(self) -> Minio:
        """A client for it.

        Raises
        ------
        SettingsError
            The endpoint is no address of a server.
        """
        parts = urlsplit(self.endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise SettingsError(
                f"{self.endpoint!r} is not the address of an S3 server.",
                "Write STITCHSKETCH_S3_ENDPOINT as https://host or http://host:port.",
            )
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=60),
            maxsize=8,
            # a lost connection is tried again; a refusal isn't
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
        )
        try:
            return Minio(
                parts.netloc, self.access_key, self.secret_key, secure=parts.scheme == "https",
                region=self.region or None, http_client=pool,
            )  # fmt: skip
        except ValueError as error:
            raise SettingsError(
                f"{self.endpoint!r} can't be used as an S3 server: {error}.",
                "Check STITCHSKETCH_S3_ENDPOINT and the keys beside it.",
            ) from error
