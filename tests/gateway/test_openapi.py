"""Whatever OpenAPI allows, and more: no fault of the program, no answer that isn't described."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi.checks import (
    UndefinedContentType,  # noqa: F401 - named so that an upgrade that drops it is seen
)
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)
from serving import PROVIDER, Serving

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance, ignored_auth,
]  # fmt: skip


@pytest.fixture
def api(gateway: Serving):
    return schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_described(case):
    case.call_and_validate(
        headers={"Authorization": f"Bearer {PROVIDER().token('anna')}"}, checks=CHECKS, timeout=20
    )


def test_the_description_is_openapi(gateway):
    told = httpx.get(f"{gateway.url}/openapi.json").json()
    assert told["openapi"].startswith("3.")
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) > 50
