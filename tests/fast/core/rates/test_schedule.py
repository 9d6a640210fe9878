"""When a kind is looked at again."""

from datetime import timedelta

import pytest

from controller.core.rates.schedule import LastObservation, Schedule, due_in, is_due
from tests.fakes.toy import ToySpec, declared, toy

MINUTE = timedelta(minutes=1)
DECLARED = declared(toy("a"))
SETTLED = LastObservation(100.0, DECLARED, {}, settled=True)


def test_a_kind_has_the_common_interval_unless_it_has_its_own():
    schedule = Schedule(MINUTE, {"endpoint": timedelta(seconds=10)})

    assert schedule.of("endpoint") == timedelta(seconds=10)
    assert schedule.of("model") == MINUTE


def test_what_was_never_looked_at_is_due():
    assert is_due(None, DECLARED, MINUTE, 0.0)


@pytest.mark.parametrize(
    ("now", "due"), [(100.0, False), (159.0, False), (159.6, True), (160.0, True)]
)
def test_a_quiet_kind_is_due_when_its_interval_is_over_or_nearly_so(now, due):
    assert is_due(SETTLED, DECLARED, MINUTE, now) is due


def test_a_kind_that_gave_something_to_do_is_due_in_every_pass():
    assert is_due(LastObservation(100.0, DECLARED, {}), DECLARED, MINUTE, 100.0)


def test_a_kind_whose_declaration_changed_is_due():
    changed = declared(toy("a", ToySpec(ttl=61)))

    assert is_due(SETTLED, changed, MINUTE, 100.0)
    assert is_due(SETTLED, {}, MINUTE, 100.0)


def test_what_is_late_is_due_at_once():
    assert due_in(SETTLED, MINUTE, 130.0) == timedelta(seconds=30)
    assert due_in(SETTLED, MINUTE, 900.0) == timedelta()
