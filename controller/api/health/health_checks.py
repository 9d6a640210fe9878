"""Health checks of MLflow, name resolution and the store."""

from collections.abc import Callable, Collection
from typing import Any, Protocol

from controller.api.health.checks import Component, ComponentStatus, Look
from controller.core.errors import ControllerError
from controller.resolver import NameHealth, Resolver, Source

_SECOND_HAND = frozenset({Source.STALE, Source.FALLBACK})


class Reachable(Protocol):
    """A server that can be asked something cheap."""

    def ping(self) -> None:
        """Return if it does its work. Raises DriverError."""
        ...


def mlflow_look(mlflow: Reachable) -> Look:
    """Return a look at MLflow, by a question that needs its database.

    Its own ``/health`` answers when nothing behind it works.
    """

    def look() -> Component:
        mlflow.ping()
        return Component()

    return look


def store_look(check: Callable[[], None]) -> Look:
    """Return a look at the store; ``check`` is ``Database.check``."""

    def look() -> Component:
        check()
        return Component()

    return look


def dns_look(resolver: Resolver, hosts: Callable[[], Collection[str]]) -> Look:
    """Return a look at the names that are declared now.

    Served from memory is degraded; without any address it is unhealthy.
    """

    def look() -> Component:
        for host in hosts():
            _resolve(resolver, host)
        names = {n.host: n for n in resolver.snapshot()}
        declared = [names[h.lower()] for h in hosts() if h.lower() in names]
        lost = [n.host for n in declared if n.source is None]
        second_hand = [n.host for n in declared if n.source in _SECOND_HAND]
        details = {"names": {n.host: _details(n) for n in declared}}
        if lost:
            message = f"without an address: {', '.join(lost)}"
            return Component(ComponentStatus.UNHEALTHY, message, details)
        if second_hand:
            message = f"DNS fails for {', '.join(second_hand)}"
            return Component(ComponentStatus.DEGRADED, message, details)
        return Component(details=details)

    return look


def _resolve(resolver: Resolver, host: str) -> None:
    try:
        resolver.resolve(host)
    except ControllerError:
        # The snapshot reports it.
        return


def _details(name: NameHealth) -> dict[str, Any]:
    return {
        "source": name.source,
        "addresses": list(name.addresses),
        "age_seconds": None if name.age is None else round(name.age, 1),
        "ttl_seconds": name.ttl,
        "failures": name.failures,
        "problem": name.problem,
    }
