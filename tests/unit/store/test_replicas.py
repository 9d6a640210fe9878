"""Processes of the API service that share one store."""

import pytest

from controller.api.auth.replica_count import ReplicaCount
from controller.core.errors import StoreUnavailableError
from controller.store.heartbeat import HEART, Heartbeats
from controller.store.replicas import INTERVAL, Replicas


@pytest.fixture
def replica(database):
    return lambda holder: Replicas(database, holder)


def test_live_processes_are_counted(replica):
    assert [replica(holder).beat() for holder in ("a:1", "b:1", "a:1")] == [1, 2, 2]


def test_a_process_that_says_farewell_does_not_count(replica):
    replica("a:1").beat()
    replica("b:1").beat()
    replica("b:1").leave()

    assert replica("a:1").beat() == 1


def test_a_process_that_died_does_not_count_after_a_while(replica, clock):
    replica("dead").beat()
    for _ in range(4):
        clock.forward(INTERVAL.total_seconds())
        found = replica("a:1").beat()

    assert found == 1


def test_one_missed_heartbeat_is_forgiven(replica, clock):
    replica("slow").beat()
    clock.forward(2 * INTERVAL.total_seconds())

    assert replica("a:1").beat() == 2


def test_the_heartbeat_of_the_controller_is_another_matter(replica, database, clock):
    Heartbeats(database).beat(HEART, "c:1")
    clock.forward(3600)

    assert replica("a:1").beat() == 1
    assert Heartbeats(database).last(HEART) is not None


class Away:
    """A store that answers with ``count`` until it is away."""

    def __init__(self, count):
        self.count = count

    def beat(self):
        if self.count is None:
            msg = "the store does not answer"
            raise StoreUnavailableError(msg)
        return self.count

    def leave(self):
        self.beat()


def test_an_outage_of_the_store_changes_no_limits():
    store = Away(3)
    count = ReplicaCount(store, INTERVAL).start()
    store.count = None
    count.beat()

    assert count() == 3
    count.close()


def test_a_process_that_starts_without_the_store_counts_itself():
    count = ReplicaCount(Away(None), INTERVAL).start()

    assert count() == 1
    count.close()
