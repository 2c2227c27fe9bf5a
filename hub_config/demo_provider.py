"""The OpenID provider of a fresh machine: real, with a few demo people and no passwords."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from hub_config.keys import private_folder, write_private
from hub_config.services import NODE_FOLDER, node
from hub_config.settings import Ports
from stitchsketch_kernel.domain.errors import SettingsError

CLIENT_ID = "stitchsketch-hub"
_START_S, _ACCESS_S, _RSA_BITS = 30, 600, 2048


def issuer(ports: Ports) -> str:
    """The demo provider's address."""
    return f"http://127.0.0.1:{ports.provider}"


def start(folder: Path, ports: Ports, log: Any) -> subprocess.Popen[bytes]:
    """Start the provider; its keys and what it remembers are in the private folder.

    Parameters
    ----------
    folder : Path
    ports : Ports
    log : file
        What it says goes there.

    Raises
    ------
    SettingsError
        It doesn't come up.
    """
    settings = _settings(private_folder(folder), ports)
    write_private(folder / "oidc-client-secret", settings["client_secret"])
    command = [node(), str(NODE_FOLDER / "provider.mjs"), str(folder / "provider.json")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{issuer(ports)}/.well-known/openid-configuration", timeout=5):
                return process
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise SettingsError(
        "The demo's OpenID provider does not come up.",
        f"Look into {folder / 'provider.log'}; is another program at port {ports.provider}?",
    )


def _settings(folder: Path, ports: Ports) -> dict[str, Any]:
    """Its settings: keys from last time, ports of today."""
    path = folder / "provider.json"
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    settings = {
        "client_id": CLIENT_ID,
        "client_secret": kept.get("client_secret") or secrets.token_urlsafe(32),
        "cookie_keys": kept.get("cookie_keys") or [secrets.token_urlsafe(32)],
        "keys": kept.get("keys") or [_signing_key()],
        "people": kept.get("people") or [],
        "port": ports.provider,
        "hub": f"http://127.0.0.1:{ports.public}",
        "store": str(folder / "provider-store.json"),
        "access_s": _ACCESS_S,
    }
    write_private(path, json.dumps(settings))
    return settings


def _signing_key() -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    told: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
    return {**told, "kid": secrets.token_hex(8), "use": "sig", "alg": "RS256"}
