"""Deliveries of an earlier version keep their place in the schedule, or are parked."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text

from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.redrive import DeliveryRequests
from controller.store.schema import upgrade
from controller.store.tables import deliveries, webhook_events
from tests.fakes.stopped_clock import NOON, StoppedClock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/store.db", StoppedClock())
    with database.writing() as connection:
        upgrade(connection, "4")
    yield database
    database.close()


def delivery(connection: Connection, number: int, state: str, **more: object) -> None:
    """Insert a delivery as the version before writes it."""
    event = {
        "id": f"id-{number}",
        "type": "model.registered",
        "registry": "mlflow",
        "model": "lead",
        "number": number,
        "created_ms": number,
        "body": b"{}",
        "recorded": NOON,
    }
    connection.execute(insert(webhook_events).values(event))
    row = {
        "event_id": f"id-{number}",
        "target": "site",
        "sink": "webhook",
        "state": state,
        "attempts": 6,
        "next_at": NOON,
        "recorded": NOON,
        **more,
    }
    names = [column.name for column in deliveries.c if column.name in row]
    columns = ", ".join(names)
    values = ", ".join(f":{name}" for name in names)
    connection.execute(
        text(f"INSERT INTO deliveries ({columns}) VALUES ({values})"),  # noqa: S608
        row,
    )


def test_a_young_dead_delivery_is_parked_and_can_be_sent_again(database):
    with database.writing() as connection:
        today = connection.execute(select(func.now())).scalar_one()
        for number, age in ((1, 1), (2, 29), (3, 31)):
            delivery(connection, number, "dead", ended=today - timedelta(days=age))

    database.upgrade()

    parked = DeliverySelection(state=DeadCause.PARKED)
    (sent,) = DeliveryRequests(database).redrive(parked)
    assert sent.number == 2
    (old,) = DeliveryLog(database).list(9, state=DeliveryState.DEAD)
    assert old.number == 3


def test_a_pending_delivery_keeps_its_position_in_the_schedule(database):
    with database.writing() as connection:
        delivery(connection, 1, "pending", attempts=3)

    database.upgrade()

    with database.reading() as connection:
        assert connection.scalar(select(deliveries.c.charged)) == 3
