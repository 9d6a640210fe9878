"""In which order containers start: what each waits for, and whether it can come."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.consistency.places import DeclaredAt, Fields, one_of

_ENDS = frozenset({"COMPLETE", "SUCCESS"})


def impossible_orders(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield what a container waits for in vain, and those that wait for each other.

    API reference, ContainerDependency: only what has a health check is ever HEALTHY, and
    COMPLETE and SUCCESS are of containers that are not essential, as each is unless it
    says otherwise.
    """
    containers = written.containers
    for place, container, need in written.entries("dependsOn"):
        name = need.get("containerName")
        others = {n: c for n, c in containers.items() if n != container}
        if name is None:
            continue
        if name not in others:
            what = f"names no other container: {name}"
            yield Mistake((*place, "containerName"), what, one_of(others))
        elif found := _in_vain(str(need.get("condition")), name, containers[name]):
            yield Mistake((*place, "condition"), *found)
    yield from _circles(written)


def _in_vain(condition: str, name: str, container: Fields) -> tuple[str, str] | None:
    """Return why ``container`` never meets ``condition``, and what to do; or None."""
    if condition == "HEALTHY" and not container.get("healthCheck"):
        what = f"is never met: {name} has no health check"
        return what, f"add healthCheck to {name}, or write START"
    if condition in _ENDS and container.get("essential", True):
        what = f"is never met: {name} is essential, and the task ends with it"
        return what, f"add `essential: false` to {name}, or write START or HEALTHY"
    return None


def _circles(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield the first circle there is, where its last container closes it."""
    containers = written.containers
    waits = {
        name: [o for o in _needs(c) if o in containers and o != name]
        for name, c in containers.items()
    }
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        for place, container, need in written.entries("dependsOn"):
            if container in circle and need.get("containerName") in circle:
                what = f"closes a circle, so that none starts: {' → '.join(circle)}"
                yield Mistake(place, what, "take one of them out")
                return


def _needs(container: Fields) -> tuple[str, ...]:
    needs = container.get("dependsOn") or ()
    return tuple(dict.fromkeys(need.get("containerName", "") for need in needs))
