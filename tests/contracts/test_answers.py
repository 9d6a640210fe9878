"""What the API answers has the shape that its own description says."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest
from jsonschema import Draft202012Validator

from controller.api.app import create_app
from controller.api.control.inspection import LogWindow
from controller.api.single_flight import SingleFlight
from controller.bootstrap.api_key import key_source
from controller.core.access.stored_keys import KeyRequest
from controller.core.audit.entry import AuditSource
from controller.core.values.secret import Secret
from controller.store.api_keys import StoredKeyOperations
from tests.builders.api import (
    ROLLED,
    SECTIONS,
    Deliveries,
    Nothing,
    Records,
    World,
    access_with,
)
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

KEY = {"Authorization": "Bearer s3cret"}
OF = "?resource=service/api"
ROUTES = {
    "/api/v1/status": "",
    "/api/v1/events": "",
    "/api/v1/audit": "",
    "/api/v1/audit/report": "",
    "/api/v1/deliveries": "",
    "/api/v1/delivery": "?id=1",
    "/api/v1/keys": "",
    "/api/v1/tried": OF,
    "/api/v1/details": OF,
    "/api/v1/history": OF,
    "/api/v1/model-history": OF,
    "/api/v1/logs": OF,
}


def keys(clock):
    """Return the operations on a store with two keys."""
    operations = StoredKeyOperations(
        empty_store(clock),
        lambda by: AuditSource(by, "command"),
        Secret("pepper"),
        key_source("development"),
    )
    request = KeyRequest("ada", ("status:read",), {"predict": "1/s"}, timedelta(days=1))
    created = operations.create(request, "ada", "first key")
    operations.rotate(created.record.id, timedelta(hours=1), "ada", "second key")
    return operations


@contextmanager
def application():
    clock, world = StoppedClock(), World()
    world.write(-9, -5)
    flights = SingleFlight(clock)
    yield create_app(
        Nothing(),
        Nothing(),
        clock=clock,
        version="1",
        records=Records(),
        window=LogWindow(world, flights),
        deliveries=Deliveries(),
        keys=keys(clock),
        access=access_with(Secret("s3cret")),
    )
    flights.close()


def asked(app, *paths):
    async def asking():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as c:
            return [(await c.get(path, headers=KEY)).json() for path in paths]

    return asyncio.run(asking())


def resolved(schema, shapes):
    """Return the schema with what it refers to in its place, as JSON Schema wants."""
    return {**schema, "components": {"schemas": shapes}}


@pytest.mark.parametrize("path", ROUTES)
def test_an_answer_has_the_shape_that_is_described(path):
    with application() as app:
        described, answer = asked(app, "/api/v1/openapi.json", path + ROUTES[path])
    found = described["paths"][path]["get"]["responses"]["200"]["content"]
    schema = resolved(
        found["application/json"]["schema"], described["components"]["schemas"]
    )

    assert [*Draft202012Validator(schema).iter_errors(answer)] == []
    assert [*Draft202012Validator(schema).iter_errors({"other": 1})] != []


def test_what_is_looked_at_is_described_field_by_field():
    with application() as app:
        (described,) = asked(app, "/api/v1/openapi.json")
    shapes = described["components"]["schemas"]
    fields = {
        name: {*shapes[name]["properties"]}
        for name in ("DetailSection", "RolloutReport", "LogLine")
    }

    assert fields["DetailSection"] == {*SECTIONS[0].__slots__}
    renamed = {*ROLLED[0].__slots__} - {"intervention"} | {"asked"}
    assert fields["RolloutReport"] == renamed
    assert fields["LogLine"] == {"id", "at", "source", "text"}


def test_every_guarded_route_is_checked_here():
    with application() as app:
        (described,) = asked(app, "/api/v1/openapi.json")
    guarded = {
        path
        for path, verbs in described["paths"].items()
        for verb in verbs.values()
        if {"control", "keys", "outlook"} & {*verb.get("tags", ())} and "get" in verbs
    }

    assert guarded == {*ROUTES}
