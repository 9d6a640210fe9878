"""The state of an earlier version: the current code neither acts nor announces.

`upgrade/d5dad67` holds the state that commit d5dad67 left behind: `store.sql`, the
database with the tables of that commit, and `calls.jsonl`, each write that it made to
AWS and MLflow, with all tags. It was recorded at that commit, on the simulated
platform of the fault search, by

    python -m tests.contracts.upgrade.record tests/contracts/upgrade/d5dad67

and is never recorded again: a test that fails here has found a change of something
persisted. The rows hold the condition and event reasons of that commit; a migration
that renames them is applied to the copy that each test works on.
"""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from controller.clients.clock import SystemClock
from controller.store.announcements import AnnouncementLedger
from controller.store.database import Database
from tests.contracts.upgrade.platform import CHANGES, LAST, release
from tests.faults.world import World

FIXTURE = Path(__file__).parent / "upgrade" / "d5dad67"
API = "hokusai-api-development"


def replay(world: World, lines: str) -> None:
    """Repeat the recorded writes on empty backends, each at its time."""
    world.wire.aside += 1
    for line in lines.splitlines():
        entry = json.loads(line)
        world.time.advance(timedelta(seconds=entry["at"] - world.time.monotonic()))
        if "change" in entry:
            CHANGES[entry["change"]](world)
        elif "settle" in entry:
            world.aws.ecs.settle()
        elif "aws" in entry:
            service, _, operation = entry["aws"].partition(":")
            world.aws.call(service, operation, **entry["parameters"])
        else:
            world.mlflow.request(*entry["mlflow"].split(" "), **entry["sent"])
    world.wire.aside -= 1


def upgraded(folder: Path, edit: str = "") -> bytes:
    """Return the recorded store after ``edit`` in SQL and the current migrations."""
    file = folder / "store.db"
    connection = sqlite3.connect(file)
    connection.executescript((FIXTURE / "store.sql").read_text() + edit)
    connection.close()
    database = Database(f"sqlite:///{file}", SystemClock())
    database.upgrade()
    database.close()
    connection = sqlite3.connect(file)
    # A database in memory has no write-ahead log.
    connection.execute("PRAGMA journal_mode=DELETE")
    content = connection.serialize()
    connection.close()
    return content


@pytest.fixture
def world(tmp_path):
    world = World()
    replay(world, (FIXTURE / "calls.jsonl").read_text())
    world.store.load(upgraded(tmp_path))
    world.declare(LAST)
    world.receivers["site"].told.clear()
    return world


def rows(world, query):
    return world.store._raw.execute(query).fetchall()


def running(world, service):
    asked = {"cluster": "hokusai-development", "services": [service]}
    (found,) = world.aws.ecs.simulator.call("DescribeServices", asked)["services"]
    return found["taskDefinition"].rpartition("/")[2]


def test_nothing_is_done(world):
    passes = [world.one_pass() for _ in range(3)]

    assert [result.plan.actions for result in passes] == [(), (), ()]
    writes = [call for call in world.wire.done if call.backend != "store"]
    assert writes == []


def test_nothing_is_announced(world):
    before = rows(world, "select id, event_id, target, state, attempts from deliveries")

    for _ in range(3):
        world.one_pass()

    after = rows(world, "select id, event_id, target, state, attempts from deliveries")
    assert len(before) == 3
    assert after == before
    assert not world.receivers["site"].told


def test_a_rollback_stays_in_force(world):
    for _ in range(3):
        result = world.one_pass()

    assert running(world, API) == f"{API}:1"
    (held,) = [v for v in result.plan.verdicts if str(v.target) == "service/api"]
    assert "It answers slowly." in held.message


def test_a_rollback_ends_when_it_is_undone(world):
    world.one_pass()
    release(world, "api")

    for _ in range(3):
        world.one_pass()

    assert running(world, API) == f"{API}:2"


def test_no_condition_changes_its_status(world):
    query = "select kind, name, type, status, last_transition from conditions order by 1, 2, 3"
    before = rows(world, query)

    world.one_pass()

    known = {row[:3] for row in before}
    assert len(before) == 48
    assert [row for row in rows(world, query) if row[:3] in known] == before


def announced_tags(world):
    """Return the versions that have the tag of the target ``site``."""
    return {
        (name, number)
        for name, versions in world.mlflow.versions.items()
        for number, version in versions.items()
        if any(t["key"] == "hokusai.ai/announced.site" for t in version["tags"])
    }


# Commit d5dad67 tagged a version also when its delivery had failed permanently.
DEAD = """
UPDATE deliveries SET state = 'dead', attempts = 6, reason = 'the receiver answered 401',
ended = datetime('now', '-1 day') WHERE id = 3;
"""


@pytest.fixture
def failed(world, tmp_path):
    folder = tmp_path / "failed"
    folder.mkdir()
    world.store.load(upgraded(folder, DEAD))
    return world


def test_a_version_whose_delivery_failed_loses_its_tag_and_can_be_sent_again(failed):
    before = announced_tags(failed)

    failed.one_pass()

    assert before - announced_tags(failed) == {("leads", 1)}
    assert announced_tags(failed) <= before
    assert rows(failed, "select cause from deliveries where id = 3") == [("parked",)]
    assert not failed.receivers["site"].told

    AnnouncementLedger(failed.store).retry("site")
    for _ in range(3):
        failed.one_pass()

    assert rows(failed, "select state from deliveries where id = 3") == [("delivered",)]
    assert announced_tags(failed) == before


def test_a_delivery_that_was_under_way_is_completed(world):
    world.store._raw.execute("update deliveries set state = 'pending' where id = 3")
    world.store._raw.commit()
    ((event,),) = rows(world, "select event_id from deliveries where id = 3")

    world.one_pass()

    assert dict(world.receivers["site"].told) == {event: 1}
    assert rows(world, "select state from deliveries where id = 3") == [("delivered",)]
