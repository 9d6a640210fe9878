"""Hysteresis of the recorded addresses of a host."""

from datetime import timedelta

import pytest

from controller.core.dns.last_good import STEADY_FOR, good_addresses, next_recorded

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
BRIEFLY = timedelta()


def test_good_addresses_are_in_dns_and_accept_a_connection():
    assert good_addresses([B, A, C], {A, B, "10.0.0.9"}) == (A, B)


@pytest.mark.parametrize(
    ("recorded", "good", "answering", "steady", "expected"),
    [
        ((), (A,), {A}, BRIEFLY, (A,)),
        ((A,), (), {A}, STEADY_FOR, None),
        ((A, B), (B, A), {A, B}, STEADY_FOR, None),
        ((A,), (B,), {B}, BRIEFLY, (B,)),
        ((A,), (B,), {A, B}, BRIEFLY, None),
        ((A,), (A, B), {A, B}, BRIEFLY, None),
        ((A, B), (B, C), {B, C}, BRIEFLY, None),
        ((A,), (A, B), {A, B}, STEADY_FOR, (A, B)),
        ((A, B), (B,), {B}, STEADY_FOR, (B,)),
    ],
    ids=[
        "the first set is recorded at once",
        "an outage records nothing",
        "the order makes no difference",
        "a set of which no address answers is replaced at once",
        "a moved name does not replace a set that still works",
        "an added address waits",
        "one address that answers is enough to wait",
        "an added address is recorded once it is steady",
        "a removed address is recorded once it is steady",
    ],
)
def test_a_recorded_set_is_replaced_only_when_that_helps(
    recorded, good, answering, steady, expected
):
    assert next_recorded(recorded, good, answering, steady) == expected


def test_a_rolling_update_writes_no_set_between_the_first_and_the_last():
    recorded, written = (A,), []
    for second in range(0, 300, 10):
        good = (A,) if second < 60 else (A, B) if second < 120 else (B,)
        since = 0 if second < 60 else 60 if second < 120 else 120
        answering = {A, B} if second < 180 else {B}
        steady = timedelta(seconds=second - since)
        if found := next_recorded(recorded, good, answering, steady):
            recorded = found
            written.append((second, found))

    assert written == [(180, (B,))]
