"""Limits of requests: bursts, shares, answers, and refused credentials by address."""

import asyncio
from collections import Counter
from dataclasses import replace

import httpx
import pytest
import throttled.utils
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.api.app import create_app
from controller.api.auth.authentication import Authentication
from controller.api.auth.request_limits import RequestLimits
from controller.api.auth.requirements import CallerCheck
from controller.core.access.caller import Caller
from controller.core.access.client_address import networks
from controller.core.access.rate import RequestClass, RequestRate, rate
from controller.core.access.scopes import grants
from tests.builders.api import Nothing, Records
from tests.fakes.stopped_clock import StoppedClock

CONTROL = RequestClass.CONTROL
READER = Caller("ada", "k1", grants(["status:read"]))
STATUS = "/api/v1/status"


@pytest.fixture
def clock(monkeypatch):
    """Let throttled-py, which reads the clock itself, read a stopped one."""
    stopped = StoppedClock()
    monkeypatch.setattr(throttled.utils, "now_mono_f", stopped.monotonic)
    return stopped


def limits(text, class_=CONTROL, **more):
    return RequestLimits({class_: rate(text)}, **more)


def admitted(limited, count, caller=READER, class_=CONTROL):
    states = [limited.request(caller, class_) for _ in range(count)]
    return sum(not state.is_exceeded for state in states)


@pytest.mark.parametrize("since", [0, 0.1, 1 / 3, 12_345.678_901])
@pytest.mark.parametrize("text", ["10/min burst 4", "7/h burst 97", "70/s burst 42"])
def test_a_burst_is_exact(clock, text, since):
    clock.forward(since)

    assert admitted(limits(text), 100) == rate(text).burst


def test_requests_are_permitted_again_at_the_rate(clock):
    limited = limits("60/min burst 4")
    assert admitted(limited, 9) == 4

    clock.forward(1.001)
    assert admitted(limited, 9) == 1

    clock.forward(3600)
    assert admitted(limited, 9) == 4


def test_callers_and_classes_have_limits_of_their_own(clock):
    limited = limits("1/d")

    assert admitted(limited, 3) == 1
    assert admitted(limited, 3, replace(READER, credential="k2")) == 1
    assert admitted(limited, 3, class_=RequestClass.PREDICT) == 3


def test_the_rates_of_a_key_take_the_place_of_those_of_the_server(clock):
    privileged = replace(READER, rates={CONTROL: rate("1/d burst 7")})

    assert admitted(limits("1/d"), 20, privileged) == 7


@pytest.mark.parametrize("replicas", [2, 3, 7])
def test_replicas_together_permit_the_limit(clock, replicas):
    several = [limits("70/min burst 42", replicas=lambda: replicas) for _ in "x" * 7]

    total = sum(admitted(one, 100) for one in several[:replicas])

    assert total == 42


def test_a_changed_number_of_replicas_keeps_what_a_caller_has_used(clock):
    count = [1]
    limited = limits("10/d", replicas=lambda: count[0])
    assert admitted(limited, 20) == 10

    count[0] = 2
    assert admitted(limited, 20) == 0
    count[0] = 1
    assert admitted(limited, 20) == 0


def test_callers_that_are_remembered_are_bounded(clock):
    limited = limits("1/d", most=100)
    for number in range(1_000):
        limited.request(replace(READER, credential=str(number)), CONTROL)

    # Only those displaced have a burst again.
    recent = [replace(READER, credential=str(n)) for n in range(900, 1_000)]
    assert sum(admitted(limited, 1, caller) for caller in recent) == 0


def test_a_flood_of_addresses_displaces_no_caller(clock):
    limited = limits("1/d", most=100)
    assert admitted(limited, 1) == 1

    for number in range(1_000):
        limited.failed(str(number))

    assert admitted(limited, 1) == 0


def allowed(times, limit):
    """Return how many requests at ``times`` a leaky bucket of the limit permits."""
    level, last, count = 0.0, 0, 0
    for at in times:
        level = max(0.0, level - (at - last) * limit.count / limit.seconds)
        last = at
        if level + 1 <= limit.burst + 1e-6:
            level += 1
            count += 1
    return count


@settings(max_examples=200, deadline=None)
@given(
    gaps=st.lists(st.integers(0, 50), max_size=60),
    count=st.sampled_from([1, 2, 5, 10]),
    burst=st.integers(1, 12),
)
def test_a_leaky_bucket_permits_the_same(gaps, count, burst):
    clock = StoppedClock()
    limit = RequestRate(count, 10, burst)
    limited = RequestLimits({CONTROL: limit})
    times, at, found = [], 0, 0
    with pytest.MonkeyPatch.context() as patch:
        # Not from 0: throttled-py takes a state of 0 for none.
        patch.setattr(throttled.utils, "now_mono_f", lambda: 1_000 + clock.monotonic())
        for gap in gaps:
            clock.forward(gap)
            at += gap
            times.append(at)
            found += not limited.request(READER, CONTROL).is_exceeded

    assert found == allowed(times, limit)


class Keys:
    """A source of callers that counts its lookups."""

    def __init__(self, *callers):
        self.callers = {caller.credential: caller for caller in callers}
        self.lookups = 0

    async def caller(self, credential):
        self.lookups += 1
        return self.callers.get(credential.reveal())


class Service:
    """The application with limits."""

    def __init__(self, limited, keys, *, trusted=(), **more):
        access = CallerCheck(Authentication([keys]), limited, trusted)
        self._app = create_app(
            Nothing(),
            Nothing(),
            clock=StoppedClock(),
            version="1",
            records=Records(),
            access=access,
            **more,
        )

    def ask(self, key=None, path=STATUS, **headers):
        async def asking():
            transport = httpx.ASGITransport(
                self._app, raise_app_exceptions=False, client=("192.0.2.1", 1)
            )
            async with httpx.AsyncClient(
                transport=transport, base_url="http://api"
            ) as c:
                named = {k.replace("_", "-"): v for k, v in headers.items()}
                bearer = {"authorization": f"Bearer {key}"} if key else {}
                return await c.get(path, headers=bearer | named)

        return asyncio.run(asking())


def test_an_answer_states_the_quota(clock):
    answer = Service(limits("10/min burst 4"), Keys(READER)).ask("k1")

    assert answer.status_code == 200
    assert answer.headers["ratelimit-policy"] == '"control";q=10;w=60'
    assert answer.headers["ratelimit"] == '"control";r=3;t=6'


def test_too_many_requests_are_refused_with_the_policy_and_the_time(clock):
    service = Service(limits("10/min burst 1"), Keys(READER))
    service.ask("k1")

    answer = service.ask("k1")

    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["ratelimit"] == '"control";r=0;t=6'
    assert answer.headers["retry-after"] == "6"
    assert answer.json() == {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Quota exceeded",
        "status": 429,
        "detail": "More than 10/min burst 1 requests of class control: wait for the "
        "seconds in Retry-After.",
        "violated-policies": ["control"],
    }


def test_the_time_to_wait_is_at_least_a_second_and_is_long_enough(clock):
    service = Service(limits("1000/s burst 1"), Keys(READER))
    service.ask("k1")
    answer = service.ask("k1")

    assert answer.headers["retry-after"] == "1"
    clock.forward(1)
    assert service.ask("k1").status_code == 200


def test_a_refusal_for_a_scope_counts_and_states_the_quota(clock):
    service = Service(limits("1/d"), Keys(replace(READER, grants=grants([]))))

    refused = service.ask("k1")

    assert (refused.status_code, refused.headers["ratelimit"][:13]) == (
        403,
        '"control";r=0',
    )
    assert service.ask("k1").status_code == 429


def test_refused_keys_of_an_address_are_limited_before_any_lookup(clock):
    keys = Keys(READER)
    service = Service(limits("3/min", RequestClass.FAILED_AUTH), keys)

    statuses = Counter(service.ask(f"guess-{n}").status_code for n in range(10))

    assert statuses == {401: 3, 429: 7}
    assert keys.lookups == 3
    refused = service.ask("k1")
    assert refused.json()["violated-policies"] == ["failed-auth"]
    assert int(refused.headers["retry-after"]) >= 1
    clock.forward(20.1)
    assert service.ask("k1").status_code == 200


def test_a_request_without_a_key_and_an_accepted_key_are_no_failures(clock):
    service = Service(limits("1/d", RequestClass.FAILED_AUTH), Keys(READER))

    statuses = {service.ask(key).status_code for key in ["k1", None] * 5}

    assert statuses == {200, 401}


def test_unreadable_credentials_count_as_failures(clock):
    service = Service(limits("1/d", RequestClass.FAILED_AUTH), Keys(READER))

    answers = [service.ask(authorization="Digest x").status_code for _ in "ab"]

    assert answers == [401, 429]


def test_an_attacker_behind_a_proxy_cannot_change_its_address(clock):
    limited = limits("2/d", RequestClass.FAILED_AUTH)
    service = Service(limited, Keys(READER), trusted=networks("192.0.2.0/24"))

    forged = [
        service.ask(f"g{n}", x_forwarded_for=f"203.0.113.{n}, 198.51.100.9").status_code
        for n in range(4)
    ]
    other = service.ask("k1", x_forwarded_for="198.51.100.10")

    assert forged == [401, 401, 429, 429]
    assert other.status_code == 200


def test_the_peer_is_the_client_where_no_proxy_is_trusted(clock):
    service = Service(limits("1/d", RequestClass.FAILED_AUTH), Keys(READER))

    forged = [
        service.ask("no", x_forwarded_for=f"203.0.113.{n}").status_code for n in (1, 2)
    ]

    assert forged == [401, 429]


def test_public_routes_are_limited_by_address(clock):
    service = Service(limits("1/d"), Keys(READER), public_models=True)

    statuses = [service.ask(path="/api/v1/models?limit=0").status_code for _ in "ab"]

    assert statuses == [422, 429]
