"""Fixtures: an empty database in memory, and the parts that deliver."""

import pytest

from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.outbox import Outbox
from controller.store.redrive import DeliveryRequests
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def database(clock: StoppedClock) -> Database:
    return empty_store(clock)


@pytest.fixture
def ledger(database: Database) -> AnnouncementLedger:
    return AnnouncementLedger(database)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def deliveries(database: Database) -> DeliveryLog:
    return DeliveryLog(database)


@pytest.fixture
def requests(database: Database) -> DeliveryRequests:
    return DeliveryRequests(database)
