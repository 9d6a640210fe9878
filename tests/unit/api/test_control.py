"""Status, events and a wish for a pass, for somebody on another host."""

import asyncio

import httpx
import pytest

from controller.api.app import create_app
from controller.core.values.secret import Secret
from tests.builders.api import Nothing, Records, access_with
from tests.fakes.stopped_clock import StoppedClock

KEY = {"Authorization": "Bearer s3cret"}


def ask(method, path, records=None, headers=None, key="s3cret"):
    """Return the answer of an application without a socket."""
    app = create_app(
        Nothing(),
        Nothing(),
        clock=StoppedClock(),
        version="1",
        records=records or Records(),
        access=access_with(Secret(key)) if key else None,
    )

    async def asking():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as c:
            return await c.request(method, path, headers=headers)

    return asyncio.run(asking())


def test_status_tells_every_condition_and_when_somebody_last_looked():
    answer = ask("GET", "/api/v1/status", headers=KEY).json()

    (resource,) = answer["resources"]
    assert resource["resource"] == "service/api"
    assert resource["conditions"][0]["reason"] == "Ready"
    assert (answer["holder"], answer["last_pass"]) == ("host:1", "2026-01-01T12:00:00Z")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["service/api"], id="all"),
        pytest.param("?resource=service/api", ["service/api"], id="one resource"),
        pytest.param("?resource=service/other", [], id="another"),
    ],
)
def test_events_are_of_all_or_of_one(query, expected):
    answer = ask("GET", f"/api/v1/events{query}", headers=KEY).json()

    assert [event["resource"] for event in answer] == expected


def test_a_wish_for_a_pass_is_left_in_the_store():
    records = Records()

    answer = ask("POST", "/api/v1/reconcile?reason=deploy", records, KEY)

    assert (answer.status_code, answer.json()) == (202, {"id": 1})
    assert records.wishes == ["deploy"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/status"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/audit/report"),
        ("GET", "/api/v1/tried?resource=service/api"),
        ("POST", "/api/v1/reconcile"),
    ],
)
@pytest.mark.parametrize(
    ("headers", "key", "status"),
    [
        pytest.param({}, "s3cret", 401, id="no key shown"),
        pytest.param({"Authorization": "Bearer no"}, "s3cret", 401, id="wrong key"),
        pytest.param(
            {"Authorization": "Bearer éÿ".encode()}, "s3cret", 401, id="not ASCII"
        ),
        pytest.param({"Authorization": "Basic s3cret"}, "s3cret", 401, id="scheme"),
        pytest.param({"X-API-Key": "no"}, "s3cret", 401, id="wrong key in its header"),
        pytest.param(KEY, None, 403, id="no key set"),
    ],
)
def test_nobody_is_answered_without_the_key(method, path, headers, key, status):
    records = Records()

    answer = ask(method, path, records, headers, key)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert records.wishes == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("key", ["s3cret", "sécret 日本"])
def test_a_key_in_any_script_is_accepted(scheme, key):
    header = {"Authorization": f"{scheme} {key}".encode()}

    assert ask("GET", "/api/v1/events", headers=header, key=key).status_code == 200


def test_what_is_no_address_is_refused():
    answer = ask("GET", "/api/v1/events?resource=api", headers=KEY)

    assert answer.status_code == 422
