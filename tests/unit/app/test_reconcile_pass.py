"""Which passes of the long-running controller look at everything."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest

from controller.app.reconcile_pass import ReconcilePasses
from controller.core.errors import TransientError
from controller.core.resources.plan import Plan
from controller.engine.reconciler import PassResult
from controller.store.triggers import Triggers
from controller.telemetry.metrics import Metrics
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

MINUTE = timedelta(minutes=1)


@dataclass
class Watch:
    """A document that a test edits."""

    digest: str = "v1:first"
    resources: ClassVar[dict[str, object]] = {}

    def current(self):
        return self


@dataclass
class Stored:
    database: object


class Controller:
    """Notes which passes looked at everything."""

    def __init__(self):
        self.document = None
        self.everything = []
        self.failures = []

    def reconcile_due(self, *, everything):
        self.everything.append(everything)
        if self.failures:
            raise self.failures.pop()
        return PassResult(Plan(), {}, Plan(), {}, MINUTE)


@pytest.fixture
def database():
    return empty_store(StoppedClock())


@pytest.fixture
def controller():
    return Controller()


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def passes(controller, watch, database):
    made = ReconcilePasses(watch, Stored(database), Metrics(), StoppedClock())
    made.use(controller)
    return made


def test_the_first_pass_looks_at_everything_and_the_next_at_what_is_due(
    passes, controller
):
    assert passes.run() == MINUTE
    passes.run()

    assert controller.everything == [True, False]


def test_a_wish_in_the_store_makes_a_pass_look_at_everything(
    passes, controller, database
):
    passes.run()
    Triggers(database).ask("asked by API", NOON)
    woken = []

    passes.ask(lambda: woken.append(True))
    passes.run()
    passes.ask(lambda: woken.append(True))
    passes.run()

    assert controller.everything == [True, True, False]
    assert woken == [True]


def test_a_changed_document_makes_a_pass_look_at_everything(passes, controller, watch):
    passes.run()
    watch.digest = "v1:second"

    passes.run()
    passes.run()

    assert controller.everything == [True, True, False]


def test_a_demand_makes_a_pass_look_at_everything(passes, controller):
    passes.run()
    passes.demand()

    passes.run()
    passes.run()

    assert controller.everything == [True, True, False]


def test_what_a_pass_that_broke_off_was_asked_is_asked_of_the_next(passes, controller):
    controller.failures = [TransientError("the store is away")]

    with pytest.raises(TransientError):
        passes.run()
    passes.run()

    assert controller.everything == [True, True]
