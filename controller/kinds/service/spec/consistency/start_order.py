"""Start order of containers: conditions of ``dependsOn`` that can never be met."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.consistency.places import DeclaredAt, Fields, one_of

_ENDS = frozenset({"COMPLETE", "SUCCESS"})


def impossible_orders(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield conditions that are never met, and circular dependencies.

    API reference, ContainerDependency: HEALTHY needs a health check; COMPLETE and SUCCESS
    need a container that is not essential. Containers are essential by default.
    """
    containers = written.containers
    for place, container, need in written.entries("dependsOn"):
        name = need.get("containerName")
        others = {n: c for n, c in containers.items() if n != container}
        if name is None:
            continue
        if name not in others:
            what = f"must name another container of the task, not {name}"
            yield Mistake((*place, "containerName"), what, one_of(others))
        elif found := _never_met(str(need.get("condition")), name, containers[name]):
            yield Mistake((*place, "condition"), *found)
    yield from _cycles(written)


def _never_met(condition: str, name: str, container: Fields) -> tuple[str, str] | None:
    """Return the problem and the hint if ``container`` never meets ``condition``."""
    if condition == "HEALTHY" and not container.get("healthCheck"):
        what = f"is never met: {name} has no health check"
        return what, f"add healthCheck to {name}, or write START"
    if condition in _ENDS and container.get("essential", True):
        what = f"is never met: {name} is essential, so the task stops when it exits"
        return what, f"add `essential: false` to {name}, or write START or HEALTHY"
    return None


def _cycles(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield the first cycle, at one of its dependencies."""
    containers = written.containers
    waits = {
        name: [o for o in _needs(c) if o in containers and o != name]
        for name, c in containers.items()
    }
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        for place, container, need in written.entries("dependsOn"):
            if container in cycle and need.get("containerName") in cycle:
                what = f"is circular, so no container starts: {' → '.join(cycle)}"
                yield Mistake(place, what, "remove one of these dependencies")
                return


def _needs(container: Fields) -> tuple[str, ...]:
    needs = container.get("dependsOn") or ()
    return tuple(dict.fromkeys(need.get("containerName", "") for need in needs))
