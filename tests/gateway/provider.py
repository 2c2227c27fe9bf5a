"""A provider of identities with real keys and a real JWKS over HTTP, and tokens of every kind."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE = "stitchsketch-gateway"


class Provider:
    """Signs tokens, and publishes the keys that it has not withdrawn."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked = 0
        self.down = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
        self._server.daemon_threads = True
        self._server.provider = self  # type: ignore[attr-defined]
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self.add_key("first")
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_key(self, kid: str, bits: int = 2048) -> None:
        self.keys[kid] = _rsa(kid, bits)

    def add_curve(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def public_pem(self, kid: str = "first") -> bytes:
        key = self.keys[kid].public_key()
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def claims(self, subject: str, **other: Any) -> dict[str, Any]:
        now = int(time.time())
        sound = {"iss": self.issuer, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 600}
        return {name: value for name, value in {**sound, **other}.items() if value is not None}

    def token(self, subject: str, kid: str = "first", **other: Any) -> str:
        key = self.keys[kid]
        algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
        headers = {"kid": kid}
        return jwt.encode(self.claims(subject, **other), key, algorithm, headers=headers)

    def jwks(self) -> dict[str, Any]:
        told = []
        for kid, key in self.keys.items():
            curve = isinstance(key, ec.EllipticCurvePrivateKey)
            kind = jwt.algorithms.ECAlgorithm if curve else jwt.algorithms.RSAAlgorithm
            told.append({**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig"})
        return {"keys": told}


def stranger_key() -> rsa.RSAPrivateKey:
    """A key that no provider has published."""
    return _rsa("a stranger's", 2048)


def forged(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that no library would make: any header, signed with a shared secret or not at all."""
    parts = [_base64(json.dumps(part).encode()) for part in (header, claims)]
    signed = ".".join(parts).encode()
    signature = b"" if secret is None else hmac.new(secret, signed, hashlib.sha256).digest()
    return ".".join([*parts, _base64(signature)])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@cache
def _rsa(kid: str, bits: int) -> rsa.RSAPrivateKey:
    """A key by its name: making one takes longer than most tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider = self.server.provider  # type: ignore[attr-defined]
        pages = {
            "/.well-known/openid-configuration": lambda: {
                "issuer": provider.issuer,
                "jwks_uri": f"{provider.issuer}/keys",
            },
            "/keys": provider.jwks,
        }
        provider.asked += self.path == "/keys"
        found = self.path in pages and not provider.down
        content = json.dumps(pages[self.path]()).encode() if found else b""
        self.send_response(200 if found else 503)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
