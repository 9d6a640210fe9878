"""How a plan is carried out."""

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import (
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from controller.core.resources.driver import Applied, Failed, Skipped
from controller.core.resources.plan import Action, Reason, Verb
from controller.engine.executor import Executor
from tests.fakes.inline import InlinePool, SteppedClock
from tests.fakes.toy import ToySpec, declared, toy
from tests.fakes.toy_world import ToyDriver

A, B = ResourceId("toy", "a"), ResourceId("toy", "b")
CHAIN = declared(toy("a"), toy("b", depends_on=frozenset({A})))


class Journal:
    """Remembers what it was told, in order."""

    def __init__(self):
        self.lines = []

    def started(self, action):
        self.lines.append(f"started {action.target}")
        return len(self.lines)

    def finished(self, number, action, outcome):
        self.lines.append(f"{type(outcome).__name__} {action.target}")


def create(id_, waits_for=()):
    return Action(
        id_, Verb.CREATE, Reason.MISSING, desired=ToySpec(), waits_for=waits_for
    )


def execute(driver, *actions, journal=None, clock=None):
    executor = Executor(
        {"toy": driver}, journal or Journal(), InlinePool(), clock or SteppedClock()
    )
    return executor.execute(actions, CHAIN)


def test_the_intent_is_written_before_the_effect():
    journal = Journal()

    execute(ToyDriver(), create(A), journal=journal)

    assert journal.lines == ["started toy/a", "Applied toy/a"]


def test_what_passes_by_itself_is_tried_again_within_the_pass():
    clock = SteppedClock()
    driver = ToyDriver(failures={A: [TransientError("busy"), TransientError("busy")]})

    outcomes = execute(driver, create(A), clock=clock)

    assert outcomes == {A: Applied()}
    assert len(clock.slept) == 2


def test_what_repeating_will_not_mend_is_tried_once():
    clock = SteppedClock()
    driver = ToyDriver(failures={A: [PermanentError("denied")]})

    (outcome,) = execute(driver, create(A), clock=clock).values()

    assert isinstance(outcome, Failed)
    assert str(outcome.error) == "denied"
    assert clock.slept == []


def test_a_lost_answer_is_not_followed_by_a_blind_repeat():
    driver = ToyDriver(failures={A: [OutcomeUnknownError("no answer")]})

    (outcome,) = execute(driver, create(A)).values()

    assert isinstance(outcome, Failed)
    assert driver.done == []


def test_a_failure_holds_up_only_what_depends_on_it():
    other = ResourceId("toy", "c")
    driver = ToyDriver(failures={A: [PermanentError("denied")]})

    outcomes = execute(driver, create(A), create(B, (A,)), create(other))

    assert isinstance(outcomes[A], Failed)
    assert outcomes[B] == Skipped("Waiting for toy/a.")
    assert outcomes[other] == Applied()


def test_a_dependency_that_is_not_ready_and_not_acted_on_is_waited_for():
    outcomes = execute(ToyDriver(), create(B, (A,)))

    assert outcomes == {B: Skipped("Waiting for toy/a.")}


def test_what_its_dependency_made_ready_in_this_pass_goes_on():
    outcomes = execute(ToyDriver(), create(A), create(B, (A,)))

    assert outcomes == {A: Applied(), B: Applied()}


@pytest.mark.usefixtures("caplog")
def test_a_driver_that_breaks_is_a_failure_and_not_a_crash():
    driver = ToyDriver(failures={A: [KeyError("secret")]})

    (outcome,) = execute(driver, create(A)).values()

    assert isinstance(outcome, Failed)
    assert str(outcome.error) == "The driver of toy/a failed: KeyError."


@pytest.mark.parametrize("error", [TransientError("gone"), PermanentError("full")])
def test_what_was_done_is_told_although_it_could_not_be_recorded(error, caplog):
    class Broken(Journal):
        def finished(self, number, action, outcome):
            raise error

    outcomes = execute(ToyDriver(), create(A), create(B, (A,)), journal=Broken())

    assert outcomes == {A: Applied(), B: Applied()}
    told = [(r.levelname, r.resource, r.error) for r in caplog.records]
    assert told == [
        ("ERROR", "toy/a", str(error)),
        ("ERROR", "toy/b", str(error)),
    ]


def test_the_recorded_creation_is_known_to_the_driver():
    """All attempts within a pass have it: the driver derives its token from it."""
    driver = ToyDriver(failures={A: [TransientError("busy")]})
    seen = []
    apply = driver.apply
    driver.apply = lambda action: (seen.append(action.creation), apply(action))[1]
    executor = Executor(
        {"toy": driver},
        Journal(),
        InlinePool(),
        SteppedClock(),
        creation=lambda number: f"creation-{number}",
    )

    executor.execute([create(A)], CHAIN)

    assert seen == ["creation-1", "creation-1"]
