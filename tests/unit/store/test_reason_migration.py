"""Rows of an earlier version get the current words for reasons."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.plan import Hold, Reason
from controller.engine.store_memory import StoreMemory
from controller.store.database import Database
from controller.store.events import EventLog
from controller.store.schema import SchemaState, upgrade
from controller.store.status import StatusTable
from tests.fakes.stopped_clock import NOON, StoppedClock

migration = import_module("controller.store.migrations.versions.v0004_reasons")
RENAMED = migration.RENAMED | migration.RENAMED_BY_KINDS
API = ResourceId("service", "api")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/store.db", StoppedClock())
    with database.writing() as connection:
        upgrade(connection, "3")
    yield database
    database.close()


def conditions(reason: str, status: Truth = Truth.FALSE) -> dict[str, Condition]:
    one = Condition(ConditionType.READY, status, reason, "It waits.", "v1:a", NOON)
    return {type_.value: replace(one, type=type_.value) for type_ in ConditionType}


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_condition_and_an_event_are_renamed(database, old, new):
    StatusTable(database).save({API: conditions(old)})
    EventLog(database).record(API, "Warning", old, "It waits.", NOON)

    database.upgrade()

    assert database.state() is SchemaState.CURRENT
    assert StatusTable(database).all() == {API: conditions(new)}
    (event,) = EventLog(database).recent(10)
    assert (event.reason, event.count) == (new, 1)


def test_the_same_event_is_counted_after_it_was_renamed(database):
    log = EventLog(database)
    log.record(API, "Warning", "BudgetSpent", "It waits: « é ».", NOON)
    database.upgrade()

    log.record(API, "Warning", "DisruptionBudgetExceeded", "It waits: « é ».", NOON)

    (event,) = log.recent(10)
    assert event.count == 2


def test_events_that_become_equal_are_one_event(database):
    log = EventLog(database)
    for reason in ("Preflight", "PreflightFailed", "PreflightFailed"):
        log.record(API, "Warning", reason, "It lacks a secret.", NOON)

    database.upgrade()

    (event,) = log.recent(10)
    assert (event.reason, event.count) == ("PreflightFailed", 3)


def test_other_reasons_stay(database):
    log = EventLog(database)
    log.record(API, "Normal", "Drifted", "Update: Applied", NOON)

    database.upgrade()

    assert [event.reason for event in log.recent(10)] == ["Drifted"]


def test_no_event_is_repeated_because_of_a_new_word(database):
    StatusTable(database).save({API: conditions("Moving")})
    database.upgrade()

    StoreMemory(database, StoppedClock()).save_statuses({API: conditions("NotStalled")})

    assert EventLog(database).recent(10) == ()


def test_no_old_word_is_still_given():
    assert not RENAMED.keys() & {*map(str, Reason), *map(str, Hold)}
