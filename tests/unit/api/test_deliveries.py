"""Deliveries through the API: the same as on the store, behind the key."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from controller.api.app import create_app
from controller.app.remote_deliveries import RemoteDeliveryOperations
from controller.clients.control import ControlApi
from controller.core.audit.entry import AuditSource, Via
from controller.core.errors import RefusedError
from controller.core.values.secret import Secret
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryCount,
    DeliveryOperation,
    DeliveryRequest,
    DeliverySelection,
)
from controller.store.announcements import AnnouncementLedger
from controller.store.audit_log import AuditLog
from controller.store.delivery_operations import StoredDeliveryOperations
from controller.store.outbox import Outbox
from tests.builders.api import AppTransport, Nothing, access_with
from tests.builders.outbox import LEASE, dead, event, opened
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

KEY = Secret("s3cret")
EVERYTHING = DeliverySelection()
REDRIVE = DeliveryRequest(DeliveryOperation.REDRIVE, DeliverySelection(target="site"))
ROUTES = [
    ("GET", "/api/v1/deliveries"),
    ("GET", "/api/v1/delivery?id=1"),
    ("POST", "/api/v1/delivery-requests"),
]


class Served:
    """A store with one dead and one pending delivery, and an API on it."""

    def __init__(self, key=KEY):
        clock = StoppedClock()
        self.database = empty_store(clock)
        self.outbox = Outbox(self.database)
        self.ledger = AnnouncementLedger(self.database)
        dead(self.ledger, self.outbox, 1, DeadCause.PARKED)
        self.ledger.announce("mirror", "webhook", [event(1)], NOON)
        self.own = StoredDeliveryOperations(
            self.database, lambda by: AuditSource(by, Via.COMMAND.value)
        )
        self.app = create_app(
            Nothing(),
            Nothing(),
            clock=clock,
            version="1",
            deliveries=self.own,
            access=access_with(key) if key else None,
        )

    def remote(self, key=KEY):
        http = httpx.Client(base_url="http://api", transport=AppTransport(self.app))
        return RemoteDeliveryOperations(ControlApi(http, key))

    def ask(self, method, path, **more):
        async def asking():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://api"
            ) as client:
                return await client.request(method, path, **more)

        return asyncio.run(asking())

    def rows(self):
        return [record.entry for record in AuditLog(self.database).records()]


@pytest.fixture
def served():
    return Served()


@pytest.mark.parametrize(
    "chosen",
    [
        EVERYTHING,
        DeliverySelection(target="site", model="lead"),
        DeliverySelection(target="other"),
        DeliverySelection(since=NOON + timedelta(seconds=1)),
        DeliverySelection(state=DeadCause.PARKED),
        DeliverySelection(state=DeliveryState.PENDING),
    ],
)
def test_the_same_deliveries_are_read_as_on_the_store(served, chosen):
    assert served.remote().selected(chosen, 9) == served.own.selected(chosen, 9)
    assert len(served.remote().selected(EVERYTHING, 1)) == 1


def test_the_same_details_are_read_as_on_the_store(served):
    opened(served.ledger, served.outbox)
    for report in served.own.selected(EVERYTHING, 99):
        found = served.remote().details(report.id)
        assert found == served.own.details(report.id)
        assert found is not None
    assert served.remote().details(999) is None


def test_a_preview_changes_nothing(served):
    expected = (DeliveryCount("site", DeliveryState.DEAD, 1),)

    assert served.remote().preview(REDRIVE) == expected
    assert served.own.preview(REDRIVE) == expected
    assert served.rows() == []


def test_a_request_is_carried_out_and_names_its_author(served):
    done = served.remote().perform(REDRIVE, "ada@laptop", "its database is back")

    assert done == (DeliveryCount("site", DeliveryState.DEAD, 1),)
    assert len(served.outbox.claim("w", "site", 9, LEASE)) == 1
    (entry,) = served.rows()
    assert (entry.actor, entry.reason) == ("ada@laptop", "its database is back")


def test_ids_and_force_are_sent(served):
    chosen = DeliverySelection(ids=[1])
    request = DeliveryRequest(DeliveryOperation.RETRY, chosen, forced=True)

    assert served.remote().preview(request) == served.own.preview(request) != ()
    absent = replace(request, chosen=DeliverySelection(ids=[99]))
    assert served.remote().preview(absent) == ()


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "redrive", "preview": False, "by": "ada@laptop"},
        {"operation": "redrive", "preview": False, "reason": "fixed"},
        {"operation": "redrive", "preview": False, "by": " ", "reason": "fixed"},
        {
            "operation": "redrive",
            "preview": False,
            "by": "ada@laptop",
            "reason": "x" * 1001,
        },
        {"operation": "redrive", "state": "delivered"},
        {"operation": "redrive", "since": "2026-01-01T00:00:00"},
        {"operation": "retry"},
        {"operation": "delete"},
        {"operation": "redrive", "ids": [2**63]},
        {"operation": "redrive", "ids": [0]},
        {"operation": "redrive", "state": "held"},
    ],
)
def test_an_incomplete_or_impossible_request_is_refused(served, body):
    header = {"Authorization": "Bearer s3cret"}

    answer = served.ask("POST", ROUTES[2][1], json=body, headers=header)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert served.rows() == []


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    ("headers", "key", "status"),
    [
        pytest.param({}, KEY, 401, id="no key shown"),
        pytest.param({"Authorization": "Bearer no"}, KEY, 401, id="wrong key"),
        pytest.param({"Authorization": "Bearer s3cret"}, None, 403, id="no key set"),
    ],
)
def test_every_route_needs_the_key(method, path, headers, key, status):
    served = Served(key)
    body = {"operation": "redrive", "preview": False, "by": "a", "reason": "b"}

    answer = served.ask(
        method, path, headers=headers, json=body if method == "POST" else None
    )

    assert answer.status_code == status
    assert served.rows() == []


def test_a_wrong_key_names_the_variable_to_set(served):
    with pytest.raises(RefusedError, match="Set HOKUSAI_API_KEY"):
        served.remote(Secret("guessed")).perform(REDRIVE, "ada@laptop", "fixed")
