"""A small model of lease, intent and outbox, explored in every state it can reach.

Two leaders take a lease, write down what they mean to do, do it at a backend that
knows no token, and record the event in the same transaction as the outcome. Up to
three times somebody sleeps past the lease, crashes, or loses an answer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

LEADERS, RESOURCES, FAULTS = (0, 1), (0, 1), 3


@dataclass(frozen=True, slots=True)
class Leader:
    """One process: what it believes, and where it is.

    Attributes:
        token: Of the lease it believes in; 0 for none.
        at: ``idle``, ``meant`` (an intent is written), ``sent`` or ``done``.
        resource: What it works on.
        awake: Whether its own clock says that the lease holds.
    """

    token: int = 0
    at: str = "idle"
    resource: int = 0
    awake: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is.

    Attributes:
        token: The newest one given away.
        expired: Whether the newest lease has run out.
        leaders: The two.
        made: How many objects each resource has at the backend.
        events: How many events each resource has in the store.
        flying: Calls that were sent and are still on their way, by resource.
        late: Writes that the store took with an old token.
        faults: How many may still happen.
    """

    token: int = 0
    expired: bool = True
    leaders: tuple[Leader, Leader] = (Leader(), Leader())
    made: tuple[int, int] = (0, 0)
    events: tuple[int, int] = (0, 0)
    flying: tuple[int, int] = (0, 0)
    late: int = 0
    faults: int = FAULTS


@dataclass(frozen=True, slots=True)
class Rules:
    """What protects; each may be left out, to see that it is missed."""

    fenced: bool = True
    asks_before_sending: bool = True
    looks_first: bool = True
    one_transaction: bool = True


def after(state: State, rules: Rules) -> Iterator[State]:
    """Yield every state that one step leads to."""
    for who in LEADERS:
        yield from _steps(state, who, rules)
    for resource in RESOURCES:
        if state.flying[resource]:
            made = (
                _more(state.made, resource) if not state.made[resource] else state.made
            )
            # The backend keeps one object a name; a second creation is refused.
            yield replace(state, made=made, flying=_more(state.flying, resource, -1))
    if state.faults and not state.expired:
        one, other = (replace(leader, awake=False) for leader in state.leaders)
        sleepy = (one, other)
        yield replace(state, expired=True, leaders=sleepy, faults=state.faults - 1)


def _steps(state: State, who: int, rules: Rules) -> Iterator[State]:
    leader = state.leaders[who]
    if state.expired and leader.at == "idle":
        token = state.token + 1
        yield _with(replace(state, token=token, expired=False), who, Leader(token))
    if state.faults and leader.token:
        yield _with(replace(state, faults=state.faults - 1), who, Leader())
    if not leader.token:
        return
    match leader.at:
        case "idle":
            yield from _mean(state, who, rules)
        case "meant":
            yield from _send(state, who, rules)
        case "sent":
            yield from _record(state, who, rules)
        case _:
            return


def _mean(state: State, who: int, rules: Rules) -> Iterator[State]:
    """Write an intent for something that is not there, or not told of."""
    leader = state.leaders[who]
    for resource in RESOURCES:
        seen = state.made[resource] if rules.looks_first else 0
        if seen and state.events[resource]:
            continue
        written = _stored(state, leader, rules)
        if written is not None:
            at = "sent" if seen else "meant"
            yield _with(written, who, replace(leader, at=at, resource=resource))


def _send(state: State, who: int, rules: Rules) -> Iterator[State]:
    """Ask the backend; the answer may be lost."""
    leader = state.leaders[who]
    if rules.asks_before_sending and not leader.awake:
        yield _with(state, who, Leader())
        return
    resource = leader.resource
    late = state.late + (leader.token != state.token)
    flown = replace(state, flying=_more(state.flying, resource), late=late)
    yield _with(flown, who, replace(leader, at="sent"))
    if state.faults:
        lost = replace(flown, faults=state.faults - 1)
        yield _with(lost, who, replace(leader, at="idle"))


def _record(state: State, who: int, rules: Rules) -> Iterator[State]:
    """Write the outcome, with the event in the same transaction."""
    leader = state.leaders[who]
    if not state.made[leader.resource]:
        return
    written = _stored(state, leader, rules)
    if written is None:
        yield _with(state, who, Leader())
        return
    known = state.events[leader.resource]
    if rules.one_transaction:
        events = state.events if known else _more(state.events, leader.resource)
    else:
        events = _more(state.events, leader.resource)
    yield _with(replace(written, events=events), who, replace(leader, at="idle"))


def _stored(state: State, leader: Leader, rules: Rules) -> State | None:
    """Return the state after a write to the store, or None if it is refused."""
    if leader.token == state.token:
        return state
    return None if rules.fenced else replace(state, late=state.late + 1)


def _with(state: State, who: int, leader: Leader) -> State:
    leaders = list(state.leaders)
    leaders[who] = leader
    return replace(state, leaders=(leaders[0], leaders[1]))


def _more(counts: tuple[int, int], index: int, by: int = 1) -> tuple[int, int]:
    changed = list(counts)
    changed[index] += by
    return changed[0], changed[1]


def wrong(state: State) -> str:
    """Return what must never be so; empty if all is well."""
    if state.late:
        return "an old token was accepted"
    if max(state.made) > 1:
        return "an object was made twice"
    if max(state.events) > 1:
        return "an event was recorded twice"
    if any(e and not m for e, m in zip(state.events, state.made, strict=True)):
        return "something was told that is not so"
    return ""


def explored(rules: Rules, most: int = 2_000_000) -> tuple[int, str]:
    """Return how many states there are, and the first thing that is wrong."""
    seen, waiting = {State()}, [State()]
    while waiting and len(seen) < most:
        for state in after(waiting.pop(), rules):
            if state in seen or max(state.flying) > 2:
                continue
            if problem := wrong(state):
                return len(seen), problem
            seen.add(state)
            waiting.append(state)
    return len(seen), ""


def test_no_state_of_two_leaders_two_resources_and_three_faults_is_wrong():
    states, problem = explored(Rules())

    assert problem == ""
    assert states > 1_000


def test_done_can_be_reached():
    done: Callable[[State], bool] = lambda s: s.made == (1, 1) == s.events  # noqa: E731
    seen, waiting = {State()}, [State()]
    while waiting:
        for state in after(waiting.pop(), Rules()):
            if state not in seen and max(state.flying) <= 2:
                seen.add(state)
                waiting.append(state)

    assert any(done(state) for state in seen)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        pytest.param(Rules(fenced=False), "an old token was accepted", id="no fence"),
        pytest.param(
            Rules(asks_before_sending=False),
            "an old token was accepted",
            id="no asking",
        ),
        pytest.param(
            Rules(one_transaction=False, looks_first=False),
            "an event was recorded twice",
            id="no single transaction",
        ),
    ],
)
def test_what_is_left_out_is_missed(rules, problem):
    assert explored(rules)[1] == problem
