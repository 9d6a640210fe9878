"""What the engine keeps in the store."""

from dataclasses import replace

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, PermanentError, TransientError
from controller.core.planning.change_causes import note_text
from controller.core.planning.planner import diff
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.driver import Applied, Failed
from controller.core.resources.observation import Absent, Present
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Reason, Verb
from controller.core.status.resource_conditions import conditions_of
from controller.engine.store_memory import StoreMemory
from controller.store.events import EventLog
from controller.store.journal import IntentJournal
from tests.fakes.inline import SteppedClock
from tests.fakes.store import empty_store
from tests.fakes.toy import KINDS, ToySpec, ToyState, declared, seen, toy

A = ResourceId("toy", "a")
CREATE = Action(A, Verb.CREATE, Reason.MISSING, desired=ToySpec(), generation="v1:g")


@pytest.fixture
def database():
    return empty_store(SteppedClock())


class FullLog(EventLog):
    """A log that takes no more."""

    def record(self, *_):
        msg = "the store could not be written: disk is full"
        raise TransientError(msg)


def concluded(observation):
    desired, observed = declared(toy("a")), seen(a=observation)
    return conditions_of(
        desired, observed, diff(desired, observed, KINDS), {}, KINDS, {}
    )


def test_what_was_concluded_is_known_to_the_next_process(database):
    StoreMemory(database, SteppedClock()).save_statuses(concluded(Present(ToyState())))

    after = StoreMemory(database, SteppedClock()).statuses()

    assert after[A][ConditionType.READY].status is Truth.TRUE


def test_a_turn_of_a_condition_is_an_event_and_its_repeat_is_none(database):
    memory = StoreMemory(database, SteppedClock())

    memory.save_statuses(concluded(Present(ToyState())))
    memory.save_statuses(concluded(Present(ToyState(broken=True))))
    memory.save_statuses(concluded(Present(ToyState(broken=True))))

    (event,) = EventLog(database).recent(9)
    assert (event.type, event.reason, event.count) == ("Warning", "Broken", 1)


def test_a_warning_on_what_is_ready_is_an_event_to_be_seen(database):
    memory = StoreMemory(database, SteppedClock())
    well = concluded(Present(ToyState()))
    ready = well[A][ConditionType.READY]
    warned = replace(ready, reason="PreflightWarning", message="Nothing is backed up.")

    memory.save_statuses(well)
    memory.save_statuses({A: {**well[A], ConditionType.READY: warned}})

    (event,) = EventLog(database).recent(9)
    assert (event.type, event.reason) == ("Warning", "PreflightWarning")


def test_a_turn_is_written_together_with_its_event_or_not_at_all(database):
    memory = StoreMemory(database, SteppedClock())
    memory.save_statuses(concluded(Present(ToyState())))
    memory._events = FullLog(database)

    with pytest.raises(TransientError):
        memory.save_statuses(concluded(Absent()))

    kept = StoreMemory(database, SteppedClock()).statuses()
    assert kept == concluded(Present(ToyState()))
    assert EventLog(database).recent(9) == ()


def test_an_intent_is_there_before_the_outcome(database):
    memory = StoreMemory(database, SteppedClock())

    number = memory.started(CREATE)
    (intent,) = IntentJournal(database).unfinished()
    memory.finished(number, CREATE, Applied("done"))

    assert intent.target == A
    assert IntentJournal(database).unfinished() == ()


def test_a_failure_is_an_event_with_its_reason(database):
    memory = StoreMemory(database, SteppedClock())

    number = memory.started(CREATE)
    memory.finished(number, CREATE, Failed(PermanentError("denied")))

    (event,) = EventLog(database).recent(9)
    assert (event.type, event.message) == ("Warning", "Create: denied")


def test_an_outcome_is_recorded_whole_or_not_at_all(database):
    memory = StoreMemory(database, SteppedClock())
    number = memory.started(CREATE)

    with pytest.raises(DriverError):
        memory.finished(number, replace(CREATE, reason=None), Applied("done"))

    assert [i.id for i in IntentJournal(database).unfinished()] == [number]
    assert memory.applied({A}) == {}


def test_what_a_dead_process_left_open_is_closed_and_not_repeated(database):
    StoreMemory(database, SteppedClock()).started(CREATE)
    memory = StoreMemory(database, SteppedClock())

    assert memory.take_over() == 1
    assert memory.take_over() == 0

    (intent,) = IntentJournal(database).history(A, 9)
    assert intent.outcome == "Unknown"


def test_who_waited_for_the_lease_knows_what_was_concluded_meanwhile(database):
    leader = StoreMemory(database, SteppedClock())
    leader.save_statuses(concluded(Present(ToyState())))
    leader.save_undeclared({A})
    waiting = StoreMemory(database, SteppedClock())
    leader.save_statuses(concluded(Absent()))
    leader.save_undeclared(set())

    waiting.take_over()
    seen_doomed = waiting.undeclared()
    waiting.save_statuses(concluded(Present(ToyState())))

    assert seen_doomed == frozenset()
    ready = StoreMemory(database, SteppedClock()).statuses()[A][ConditionType.READY]
    assert ready.status is Truth.TRUE


def test_what_was_seen_undeclared_is_remembered_until_it_is_gone(database):
    StoreMemory(database, SteppedClock()).save_undeclared({A})

    memory = StoreMemory(database, SteppedClock())
    assert memory.undeclared() == {A}
    memory.save_undeclared(set())

    assert StoreMemory(database, SteppedClock()).undeclared() == frozenset()


def test_what_is_no_longer_declared_is_no_longer_told_of(database):
    memory = StoreMemory(database, SteppedClock())
    memory.save_statuses(concluded(Absent()))

    memory.save_statuses({})

    assert StoreMemory(database, SteppedClock()).statuses() == {}


def test_what_was_applied_is_noted_and_what_failed_is_not(database):
    memory = StoreMemory(database, SteppedClock())
    other = ResourceId("toy", "b")
    create = replace(CREATE, target=other)

    memory.finished(memory.started(CREATE), CREATE, Applied("done"))
    memory.finished(memory.started(create), create, Failed(PermanentError("denied")))

    found = StoreMemory(database, SteppedClock()).applied({A, other})
    assert found == {A: note_text("v1:g", ToySpec())}


def test_what_was_asked_for_by_hand_says_who_and_is_not_what_was_declared(database):
    memory = StoreMemory(database, SteppedClock())
    asked = replace(
        CREATE, verb=Verb.RESTART, request=OperationRequest("ada", "it leaks")
    )

    memory.finished(memory.started(asked), asked, Applied("done"))

    (event,) = EventLog(database).recent(9)
    (intent,) = IntentJournal(database).history(A, 9)
    assert event.message == "Restart: done. Requested by ada: it leaks"
    assert (intent.details["by"], intent.details["reason"]) == ("ada", "it leaks")
    assert memory.applied({A}) == {}


DELETE = replace(CREATE, verb=Verb.DELETE)
CHANGED = replace(CREATE, generation="v1:h")


def creation_of(memory, action):
    return memory.creation(memory.started(action))


def test_attempts_of_one_creation_have_one_id_across_processes(database):
    clock = SteppedClock()
    first = creation_of(StoreMemory(database, clock), CREATE)

    after_a_crash = StoreMemory(database, clock)
    after_a_crash.take_over()
    again = [creation_of(after_a_crash, CREATE) for _ in range(2)]

    assert first
    assert again == [first, first]


@pytest.mark.parametrize("between", [DELETE, CHANGED], ids=["deleted", "changed"])
def test_another_creation_has_another_id(database, between):
    memory = StoreMemory(database, SteppedClock())
    first = creation_of(memory, CREATE)
    memory.started(between)

    assert creation_of(memory, CREATE) != first


def test_a_creation_long_after_the_last_one_has_another_id(database):
    """A resource that was created and is absent again was deleted by somebody."""
    clock = SteppedClock()
    memory = StoreMemory(database, clock)
    first = creation_of(memory, CREATE)
    clock.sleep(601)

    assert creation_of(memory, CREATE) != first


def test_only_a_creation_has_an_id(database):
    memory = StoreMemory(database, SteppedClock())

    assert creation_of(memory, replace(CREATE, verb=Verb.UPDATE)) == ""
