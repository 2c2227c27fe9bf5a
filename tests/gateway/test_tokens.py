"""Tokens that must not be taken, and how keys rotate: real keys, a real JWKS over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import jwt
import pytest
from provider import AUDIENCE, Provider, forged, stranger_key

from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.gateway.tokens import OidcTokens


@pytest.fixture
def own() -> Iterator[Provider]:
    """A provider of this test alone, whose keys may be changed."""
    provider = Provider()
    provider.add_curve("curve")
    yield provider
    provider.close()


@pytest.fixture
def tokens(own: Provider, tmp_path) -> OidcTokens:
    return OidcTokens(
        GatewaySettings(
            tmp_path, own.issuer, AUDIENCE, keys_cooldown_s=0.0, algorithms=("RS256", "ES256")
        )
    )


@pytest.mark.parametrize("kid", ["first", "curve"])
def test_a_sound_token_says_whose_it_is(own, tokens, kid):
    identity = tokens.identity(own.token("oidc|7", kid))
    assert (identity.subject, identity.scopes) == ("oidc|7", None)
    assert abs(identity.expires_s - time.time() - 600) < 30


def _soon(seconds: float) -> int:
    return int(time.time() + seconds)


def _hs256_with_the_public_key(own: Provider) -> str:
    header = {"alg": "HS256", "typ": "JWT", "kid": "first"}
    return forged(header, own.claims("anna"), own.public_pem())


def _with_another_key_under_a_known_name(own: Provider) -> str:
    return jwt.encode(own.claims("anna"), stranger_key(), "RS256", {"kid": "first"})


def _changed(own: Provider) -> str:
    head, _, signature = own.token("ben").split(".")
    return ".".join([head, own.token("anna").split(".")[1], signature])


def _key_in_the_token(own: Provider) -> str:
    key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger_key().public_key()))
    headers = {"kid": "own", "jwk": {**key, "kid": "own"}, "jku": f"{own.issuer}/mine"}
    return jwt.encode(own.claims("anna"), stranger_key(), "RS256", headers)


REFUSED: dict[str, Callable[[Provider], str]] = {
    "wrong audience": lambda own: own.token("anna", aud="another"),
    "no audience": lambda own: own.token("anna", aud=None),
    "wrong issuer": lambda own: own.token("anna", iss="https://evil.example.com"),
    "no issuer": lambda own: own.token("anna", iss=None),
    "expired": lambda own: own.token("anna", exp=_soon(-60)),
    "without an end": lambda own: own.token("anna", exp=None),
    "not yet valid": lambda own: own.token("anna", nbf=_soon(600)),
    "issued tomorrow": lambda own: own.token("anna", iat=_soon(86_400), exp=_soon(90_000)),
    "no subject": lambda own: own.token("anna", sub=None),
    "an empty subject": lambda own: own.token(""),
    "no signature (none)": lambda own: forged(
        {"alg": "none", "kid": "first"}, own.claims("anna"), None
    ),
    "NoNe": lambda own: forged({"alg": "NoNe", "kid": "first"}, own.claims("anna"), None),
    "HS256 with the public key": _hs256_with_the_public_key,
    "RS512, which is not on the list": lambda own: jwt.encode(
        own.claims("anna"), own.keys["first"], "RS512", {"kid": "first"}
    ),
    "a curve's key under RS256": lambda own: forged(
        {"alg": "RS256", "kid": "curve"}, own.claims("anna"), b"x"
    ),
    "a stranger's key under a known name": _with_another_key_under_a_known_name,
    "an unknown key": lambda own: forged({"alg": "RS256", "kid": "x"}, own.claims("anna"), b""),
    "no key named": lambda own: jwt.encode(own.claims("anna"), own.keys["first"], "RS256"),
    "a key of its own": _key_in_the_token,
    "another's claims": _changed,
    "no token": lambda own: "a.b.c",
    "endless": lambda own: own.token("anna", more="x" * 20_000),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_token_that_is_not_sound_is_refused(own, tokens, kind):
    with pytest.raises(ProblemError) as refused:
        tokens.identity(REFUSED[kind](own))
    assert refused.value.status == 401


def test_a_new_key_is_taken_and_a_withdrawn_one_is_not(own, tmp_path):
    settings = GatewaySettings(
        tmp_path, own.issuer, AUDIENCE, keys_cooldown_s=0.0, keys_lifespan_s=0.3
    )
    tokens = OidcTokens(settings)
    old = own.token("anna")
    assert tokens.identity(old).subject == "anna"
    own.add_key("second")
    assert tokens.identity(own.token("anna", "second")).subject == "anna"
    del own.keys["first"]
    time.sleep(0.4)
    with pytest.raises(ProblemError, match="names a key that the provider does not have"):
        tokens.identity(old)


def test_strangers_cannot_make_the_gateway_ask_again_and_again(own, tmp_path):
    tokens = OidcTokens(GatewaySettings(tmp_path, own.issuer, AUDIENCE, keys_cooldown_s=60.0))
    for number in range(20):
        with pytest.raises(ProblemError):
            header = {"alg": "RS256", "kid": f"guess {number}"}
            tokens.identity(forged(header, own.claims("anna"), b""))
    assert own.asked <= 2


def test_a_short_key_is_refused_though_the_provider_has_it(own, tokens):
    own.add_key("short", 1024)
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = own.token("anna", "short")
    with pytest.raises(ProblemError, match="too short"):
        tokens.identity(token)


def test_a_provider_that_is_down_is_not_the_callers_fault(own, tokens):
    own.down = True
    with pytest.raises(ProblemError, match="does not answer") as told:
        tokens.identity(own.token("anna"))
    assert told.value.status == 503
    own.down = False
    assert tokens.identity(own.token("anna")).subject == "anna"
