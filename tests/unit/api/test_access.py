"""Callers of the API: their credentials, their scopes, and outages of their source."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime

import httpx
import pytest

from controller.api.app import create_app
from controller.api.auth.requirements import SCOPES_FIELD
from controller.api.proxy.proxy import MlflowProxy
from controller.core.access.caller import Caller
from controller.core.access.scopes import grants
from controller.core.errors import TransientError
from controller.core.values.secret import Secret
from tests.builders.api import Nothing, Records, access_with
from tests.fakes.stopped_clock import StoppedClock

ADMINISTRATOR = Secret("s3cret")
# Routes that anybody may call: load balancers, ECS, and the description of the API.
PUBLIC = {
    *("/health", "/live", "/ready"),
    *("/api/v1/health", "/api/v1/openapi.json"),
}


class Keys:
    """A source of callers by key."""

    def __init__(self, callers=(), **scopes):
        named = {name: Caller(name, name, grants(of)) for name, of in scopes.items()}
        self.callers = {**named, **dict(callers)}
        self.is_away = False

    async def caller(self, credential):
        if self.is_away:
            msg = "the keys cannot be read"
            raise TransientError(msg)
        return self.callers.get(credential.reveal())


def application(keys):
    return create_app(
        Nothing(),
        Nothing(),
        clock=StoppedClock(),
        version="1",
        records=Records(),
        window=Nothing(),
        deliveries=Nothing(),
        dns=Nothing(),
        access=access_with(ADMINISTRATOR, others=[keys]),
        mlflow=MlflowProxy(Nothing(), "test"),
    )


def ask(keys, path="/api/v1/status", method="GET", **headers):
    async def asking():
        transport = httpx.ASGITransport(application(keys))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as c:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await c.request(method, path, headers=named)

    return asyncio.run(asking())


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer reader"},
        {"x_api_key": "reader"},
        {"authorization": f"Basic {b64encode(b'me:reader').decode()}"},
    ],
)
def test_a_key_with_the_scope_is_accepted_in_each_header(headers):
    assert ask(Keys(reader=["status:read"]), **headers).status_code == 200


def test_a_key_without_the_scope_is_told_the_scope():
    answer = ask(Keys(other=["events:read"]), authorization="Bearer other")

    assert answer.status_code == 403
    assert answer.json()["detail"] == "The key has not the scope status:read."
    assert answer.headers["www-authenticate"] == (
        'Bearer error="insufficient_scope", scope="status:read"'
    )


def test_a_key_that_may_read_may_not_write():
    keys = Keys(reader=["status:read", "events:read"])

    answer = ask(keys, "/api/v1/reconcile", "POST", authorization="Bearer reader")

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ({}, "Bearer"),
        ({"authorization": "Bearer no"}, 'Bearer error="invalid_token"'),
        ({"authorization": "Digest no"}, 'Bearer error="invalid_request"'),
        (
            {"authorization": "Bearer reader", "x_api_key": "other"},
            'Bearer error="invalid_request"',
        ),
    ],
)
def test_a_refusal_says_what_kind_of_credential_is_wanted(header, challenge):
    answer = ask(Keys(reader=["status:read"]), **header)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == challenge


def test_a_replaced_key_is_told_its_end():
    end = datetime(2026, 1, 2, 13, tzinfo=UTC)
    caller = Caller("old", "old", grants(["status:read"]), sunset=end)

    answer = ask(Keys(callers={"old": caller}), authorization="Bearer old")

    assert answer.headers["sunset"] == "Fri, 02 Jan 2026 13:00:00 GMT"
    assert answer.headers["deprecation"] == f"@{int(end.timestamp())}"


def test_an_outage_of_the_keys_is_no_refusal():
    keys = Keys(reader=["status:read"])
    keys.is_away = True

    away = ask(keys, authorization="Bearer reader")
    administrator = ask(keys, authorization="Bearer s3cret")

    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    assert "www-authenticate" not in away.headers
    assert administrator.status_code == 200


def test_a_key_in_the_address_is_not_accepted():
    answer = ask(Keys(reader=["status:read"]), "/api/v1/status?api_key=reader")

    assert answer.status_code == 401


def test_each_route_is_public_or_lists_its_scopes():
    paths = application(Keys()).openapi()["paths"]

    assert PUBLIC - {"/api/v1/openapi.json"} < paths.keys()
    for path, operations in paths.items():
        for operation in operations.values():
            assert (path in PUBLIC) != (SCOPES_FIELD in operation), path
            assert ("security" in operation) == (SCOPES_FIELD in operation), path


def test_each_route_names_its_scopes_to_a_key_without_them():
    keys = Keys(nothing=["models:sources"])
    told = {}
    for path, operations in application(keys).openapi()["paths"].items():
        for method, operation in operations.items():
            if operation.get("operationId", "").startswith("mlflow "):
                # A prefix lists the scopes of all its routes; see test_mlflow_proxy.
                continue
            scopes = [s for s in operation.get(SCOPES_FIELD, ()) if s != "models:read"]
            if scopes:
                url = path.replace("{reference}", "x")
                answer = ask(keys, url, method, authorization="Bearer nothing")
                challenge = answer.headers["www-authenticate"]
                told[path, method] = (
                    answer.status_code,
                    challenge.partition("scope=")[2],
                )
                assert told[path, method] == (403, f'"{" ".join(scopes)}"')

    assert len(told) > 10
