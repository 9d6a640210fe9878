"""Current listeners, rules and targets, read from moto and the target board."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from controller.emulation.load_balancer.listener_rules import LiveRule
from controller.emulation.moto.effects import MotoLocation
from controller.emulation.targets import HEALTHY, UNHEALTHY, TargetBoard


@dataclass(frozen=True, slots=True)
class LiveListener:
    """Current rules and default actions of a listener."""

    rules: Sequence[LiveRule]
    default: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class LiveState:
    """Reads of the emulated AWS under its lock.

    Attributes:
        place: Backends of moto.
        lock: Lock that every call of the emulated AWS holds.
        targets: Health of all targets.
    """

    place: MotoLocation
    lock: AbstractContextManager[Any]
    targets: TargetBoard

    def listener(self, balancer: str, port: int) -> LiveListener | None:
        """Return the listener of a load balancer on ``port``, or None."""
        with self.lock:
            for found in self.place.backend("elbv2").load_balancers.values():
                for listener in (
                    found.listeners.values() if found.name == balancer else ()
                ):
                    if int(listener.port) == port:
                        return _listener(listener)
        return None

    def addresses(self, group: str) -> tuple[tuple[str, int], ...]:
        """Return the targets that receive requests.

        These are the healthy targets. If there are none, these are the unhealthy ones:
        load balancers fail open. Targets without a completed check receive none.
        """
        with self.lock:
            known = self.targets.of_group(group)
        for accepted in (HEALTHY.state, UNHEALTHY.state):
            found = sorted(
                (target.address, target.port)
                for target, health in known.items()
                if health.state == accepted
            )
            if found:
                return tuple(found)
        return ()


def _listener(listener: Any) -> LiveListener:
    rules = [
        LiveRule(int(rule.priority), tuple(rule.conditions), _actions(rule.actions))
        for rule in listener.rules.values()
        if str(rule.priority) != "default"
    ]
    return LiveListener(rules, _actions(listener.default_actions))


def _actions(actions: Sequence[Any]) -> tuple[Mapping[str, Any], ...]:
    return tuple({"Type": action.type, **action.data} for action in actions)
