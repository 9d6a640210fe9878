"""Health checks of MLflow, name resolution and the store."""

from collections.abc import Callable, Collection
from typing import Any, Protocol

from controller.api.health.checks import Component, ComponentStatus, Look
from controller.core.dns.answers import canonical_host
from controller.core.dns.health import HealthStatus, name_status, success_rate
from controller.core.dns.rollout import ResolverMode
from controller.core.errors import ControllerError
from controller.resolver import NameHealth, Source
from controller.resolver.consumer import ConsumerResolver


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


def dns_look(names: ConsumerResolver, hosts: Callable[[], Collection[str]]) -> Look:
    """Return a look at the names that are declared now.

    A name with an address is degraded at worst: its users work.
    """

    def look() -> Component:
        errors = [error for host in hosts() if (error := _error(names, host))]
        cached = {n.host: n for n in names.resolver.snapshot()}
        declared = [cached[h] for h in map(canonical_host, hosts()) if h in cached]
        state = names.state()
        details = {
            "names": {n.host: _details(n) for n in declared},
            "mode": {"declared": state.declared, "effective": state.effective},
            "comparisons": state.comparisons,
        }
        problems = [*map(_problem, declared), state.stepped_back, *errors]
        message = "; ".join(filter(None, problems))
        is_used = state.effective is ResolverMode.ON
        levels = [ComponentStatus(name_status(n)) for n in declared if is_used]
        levels += [ComponentStatus.DEGRADED] * bool(state.stepped_back)
        levels += [ComponentStatus.UNHEALTHY] * bool(errors)
        order = list(ComponentStatus)
        status = max(levels, key=order.index, default=ComponentStatus.HEALTHY)
        return Component(status, message, details)

    return look


def _error(names: ConsumerResolver, host: str) -> str:
    """Return the reason why ``host`` does not resolve, or ""."""
    try:
        names.resolve(host)
    except ControllerError as error:
        return str(error)
    return ""


def _problem(name: NameHealth) -> str:
    """Return the reason why a name is not healthy, or ""."""
    status = name_status(name)
    if status is HealthStatus.STARTING:
        return f"DNS has not answered yet for {name.host}"
    if name.source is Source.PIN:
        return f"{name.host} is pinned to {', '.join(name.addresses)}"
    if name.source in {Source.STALE, Source.FALLBACK}:
        return f"DNS fails for {name.host}"
    # Without an address, the error of the lookup says so.
    if status is not HealthStatus.DEGRADED:
        return ""
    return f"DNS failed for {name.host} in the last minutes"


def _details(name: NameHealth) -> dict[str, Any]:
    return {
        "status": name_status(name),
        "source": name.source,
        "addresses": list(name.addresses),
        "age_seconds": None if name.age is None else round(name.age, 1),
        "ttl_seconds": name.ttl,
        "failures": name.failures,
        "problem": name.problem,
        "next_refresh_seconds": round(name.next_refresh, 1),
        "success_rate": round(success_rate(name), 4),
    }
