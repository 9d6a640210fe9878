"""Names through the API: behind the key, and with the same checks as the command."""

import asyncio

import httpx
import pytest

from controller.api.app import create_app
from controller.api.control.dns_routes import DnsControl
from controller.core.audit.entry import AuditSource, Via
from controller.core.dns.answers import Found
from controller.core.dns.rollout import Consumer, ResolverMode
from controller.core.values.secret import Secret
from controller.resolver import Resolver
from controller.resolver.consumer import ConsumerResolver
from controller.store.dns_pins import StoredPinOperations
from controller.store.fallbacks import StoredFallbacks
from tests.builders.api import Nothing, access_with
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

KEY = "s3cret"
HOST = "mlflow.internal"
PIN = {
    "host": HOST,
    "addresses": "10.0.0.1",
    "seconds": 60,
    "by": "ada@laptop",
    "reason": "DNS is wrong",
}
ROUTES = [("GET", ""), ("POST", "/pin"), ("POST", "/unpin"), ("POST", "/flush")]


def asked(method, path, body=None, key=KEY):
    """Return the response of an API with one name in its cache."""
    clock = StoppedClock()
    database = empty_store(clock)
    resolver = Resolver(
        StoredFallbacks(database), clock, query=lambda _: Found(("10.0.0.7",), 60)
    )
    names = ConsumerResolver(Consumer.API, resolver, ResolverMode.ON, clock)
    names.resolve(HOST)
    pins = StoredPinOperations(database, lambda by: AuditSource(by, Via.COMMAND.value))
    app = create_app(
        Nothing(),
        Nothing(),
        clock=clock,
        version="1",
        dns=DnsControl(names, pins),
        access=access_with(Secret(KEY)),
    )

    async def asking():
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as c:
            return await c.request(
                method, f"/api/v1/dns{path}", json=body, headers=headers
            )

    return asyncio.run(asking())


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_key_every_request_is_refused(method, path, key):
    assert asked(method, path, PIN, key).status_code == 401


def test_the_cache_and_the_kept_addresses_are_shown():
    found = asked("GET", "").json()

    assert found["names"][0]["addresses"] == ["10.0.0.7"]
    assert found["kept"][0]["host"] == HOST
    assert found["consumer"]["effective"] == "on"


def test_a_pin_is_returned_with_its_end():
    found = asked("POST", "/pin", PIN).json()

    assert (found["host"], found["addresses"]) == (HOST, ["10.0.0.1"])
    assert found["until"].startswith("2026-01-02T12:01:00")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/pin", {"host": "10.0.0.1"}),
        ("/pin", {"addresses": "10.0.0"}),
        ("/pin", {"seconds": 0}),
        ("/pin", {"seconds": 31 * 86_400}),
        ("/pin", {"reason": " "}),
        ("/pin", {"by": ""}),
        ("/unpin", {"host": ""}),
        ("/unpin", {"reason": " "}),
        ("/flush", {"host": "a b"}),
    ],
)
def test_what_cannot_be_done_is_refused(path, fields):
    body = {**PIN, **fields}
    if path != "/pin":
        body = {name: body[name] for name in ("host", "by", "reason")}

    assert asked("POST", path, body).status_code == 422


def test_an_unpin_of_an_unpinned_host_says_so():
    body = {"host": HOST, "by": "ada@laptop", "reason": "done"}

    assert asked("POST", "/unpin", body).json() is False
