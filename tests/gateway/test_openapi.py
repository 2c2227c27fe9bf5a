"""Whatever OpenAPI allows, and more: no fault of the program, no answer that isn't described."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)
from serving import PROVIDER, Serving

from stitchsketch_kernel.gateway.permissions import TABLE

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance, ignored_auth,
]  # fmt: skip


@pytest.fixture(scope="module")
def api(gateway: Serving):
    return schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.operation)
def test_every_answer_is_described(api, row):
    sound = {"Authorization": f"Bearer {PROVIDER().token('anna')}"}

    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=sound, checks=CHECKS, timeout=20)

    operation = api[row.path][row.method]
    for mode, examples in ((GenerationMode.POSITIVE, 4), (GenerationMode.NEGATIVE, 3)):
        try:
            cases = operation.as_strategy(generation_mode=mode)
        except Unsatisfiable:  # nothing can be wrong with a route that takes nothing
            continue
        quietly(given(case=cases)(check), examples)


def quietly(test, examples: int) -> None:
    kinds = [Phase.explicit, Phase.generate]
    told = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
    with suppress(Unsatisfiable):
        settings(max_examples=examples, phases=kinds, derandomize=True, **told)(test)()


def test_the_description_is_openapi(gateway):
    told = httpx.get(f"{gateway.url}/openapi.json").json()
    assert told["openapi"].startswith("3.")
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) > 50
