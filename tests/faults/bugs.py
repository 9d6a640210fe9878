"""The planted bugs: what stands in the place of what is right.

Each function takes what is there and returns what is to be there instead.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any

from controller.core.errors import DriverError
from controller.core.models.approvals import APPROVED_TAG, VersionApproval
from controller.core.resources.condition import ConditionType, Truth, UndatedCondition
from controller.core.resources.driver import Applied
from controller.core.resources.observation import Absent, Ownership, Unknown
from controller.emulation.clocks import START
from tests.faults.world import CANARY


def returns(value: Any) -> Callable[[Any], Any]:
    return lambda _old: lambda *_a, **_k: value


def no_such_phase(_old: Any) -> Any:
    return "no such phase"


def unknown_is_absent(old: Any) -> Any:
    def of(self: Any, resource: Any) -> Any:
        seen = old(self, resource)
        return Absent() if isinstance(seen, Unknown) else seen

    return of


def failed_is_absent(_old: Any) -> Any:
    def answer(
        kind: Any, declared: Any, look: Any, left: float, deadline: float
    ) -> Any:
        try:
            return look.result(timeout=left)
        except Exception:  # noqa: BLE001 - the bug
            return {id_: Absent() for id_ in declared}

    return answer


def registers_always(_old: Any) -> Any:
    return lambda versions, hash_: None


def waits_for_nothing(old: Any) -> Any:
    return lambda self, action, _before: old(self, replace(action, waits_for=()), {})


def says_applied(old: Any) -> Any:
    def attempt(self: Any, action: Any) -> Any:
        old(self, action)
        return Applied()

    return attempt


def drops_updates(old: Any) -> Any:
    def repairs(*args: Any) -> Any:
        return iter(())

    return repairs


def always_ready(_old: Any) -> Any:
    def ready(synced: Any, healthy: Any) -> Any:
        return UndatedCondition(ConditionType.READY, Truth.TRUE, "Ready", "It is.")

    return ready


def keeps_reading(_old: Any) -> Any:
    return lambda self: None


def no_duplicates(_old: Any) -> Any:
    return lambda versions: {}


def scales_down(old: Any) -> Any:
    def update(self: Any, action: Any, spec: Any, state: Any) -> Any:
        asked = {"cluster": spec.cluster, "service": spec.name, "desiredCount": 1}
        self.aws.call("ecs", "UpdateService", **asked)
        return old(self, action, spec, state)

    return update


def audits_before(old: Any) -> Any:
    def started(self: Any, action: Any) -> int:
        number = int(old(self, action))
        self.trail.record(number, action, ("Applied", ""))
        return number

    return started


def believes_in_writes(old: Any) -> Any:
    def write(self: Any, *args: Any) -> None:
        with suppress(DriverError):
            old(self, *args)

    return write


def always_closes(old: Any) -> Any:
    def finish(self: Any, *args: Any) -> bool:
        old(self, *args)
        return True

    return finish


def always(_old: Any) -> Any:
    return property(lambda self: True)


def logs_secrets(old: Any) -> Any:
    def record(self: Any, *args: Any, **kwargs: Any) -> Any:
        head, message, now = args[:3], args[3], args[4]
        return old(self, *head, f"{message} {CANARY}", now, **kwargs)

    return record


def all_but_last(old: Any) -> Any:
    def announce_(self: Any, target: str, sink: Any, events: Any, now: Any) -> int:
        return int(old(self, "site", sink, events[:-1], now))

    return announce_


def stamps_nothing(_old: Any) -> Any:
    return lambda resource, present: iter(())


def compares_raw(_old: Any) -> Any:
    return dict


def owner_is_ours(old: Any) -> Any:
    def ownership(tags: Any, owner: str) -> Any:
        return Ownership.MANAGED

    return ownership


def first_version(old: Any) -> Any:
    def decisions(spec: Any, state: Any) -> Any:
        return tuple(replace(one, target=one.target and 1) for one in old(spec, state))

    return decisions


def approvals_of_tags(_old: Any) -> Any:
    def approvals(_stored: Any, versions: Any) -> Any:
        return {
            v.number: VersionApproval(v.model, v.number, v.created_ms, "ada", "", START)
            for v in versions
            if APPROVED_TAG in v.tags
        }

    return approvals


def stores_no_approval(_old: Any) -> Any:
    return lambda _self, _registry, approval: approval


def draws_ids(old: Any) -> Any:
    drawn = count()

    def registered_(*arguments: Any) -> Any:
        event = old(*arguments)
        return replace(event, id=f"{event.id}-{next(drawn)}")

    return registered_


def one_profile(_old: Any) -> Any:
    return lambda event, _profile, _all: event


def kind(**changes: Any) -> Callable[[Any], Any]:
    return lambda kind: replace(kind, **changes)


def unpublished(kind: Any) -> Any:
    def compare(spec: Any, state: Any) -> Any:
        found = kind.compare(spec, state)
        return tuple(c for c in found if c.path != "fallback.published")

    return replace(kind, compare=compare)


def restarts_no_reader(kind: Any) -> Any:
    def compare(spec: Any, state: Any) -> Any:
        return kind.compare(spec, replace(state, readers=()))

    return replace(kind, compare=compare)


def publishes_pins(kind: Any) -> Any:
    def compare(spec: Any, state: Any) -> Any:
        used = state.names.pinned or state.addresses
        return kind.compare(spec, replace(state, addresses=used))

    return replace(kind, compare=compare)


def tells_copies(_old: Any) -> Any:
    return tuple


def without_draw(_old: Any) -> Any:
    return lambda host, pid, _drawn: f"{host}:{pid}"
