"""Which fields of a service differ, and what changing them does."""

from collections.abc import Iterator
from typing import Any

from controller.core.identity import content_hash
from controller.core.plan import Change, Effect
from controller.core.redact import masked
from controller.core.walk import differences
from controller.kinds.service.discovery_truth import registered
from controller.kinds.service.normalise import canonical
from controller.kinds.service.routes.attachment import routed
from controller.kinds.service.settings import declared_part, settings
from controller.kinds.service.spec import ServiceSpec
from controller.kinds.service.state import ServiceState
from controller.kinds.service.task_definition import render

# A new deployment with the same task definition; API reference, UpdateService.
_RESTARTING = ("networkConfiguration",)


def compare(spec: ServiceSpec, state: ServiceState) -> tuple[Change, ...]:
    """Return every field in which ``state`` is not what ``spec`` asks for."""
    return (
        *_definition(spec, state),
        *_settings(spec, state),
        *_count(spec, state),
        *_discovery(spec, state),
        *routed(spec, state.routing, state.settings),
        *registered(state.registration),
        *_retention(spec, state),
    )


def content(spec: ServiceSpec) -> str:
    """Return the hash of the task definition that ``spec`` asks for."""
    return content_hash(canonical(render(spec)))


def _definition(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    for found in differences(state.definition, canonical(render(spec))):
        path = found.path.replace("containerDefinitions", "containers", 1)
        yield _change(f"task.{path}", found.before, found.after, Effect.RESTART)


def _settings(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    declared = settings(spec)
    for found in differences(declared_part(declared, dict(state.settings)), declared):
        restarts = found.path.startswith(_RESTARTING)
        effect = Effect.RESTART if restarts else Effect.IN_PLACE
        yield _change(f"service.{found.path}", found.before, found.after, effect)


def _count(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    if spec.desired_count is not None and spec.desired_count != state.desired:
        yield Change("desired_count", state.desired, spec.desired_count)


def _discovery(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    if spec.discovery is not None and spec.discovery != state.discovery:
        yield Change("discovery", state.discovery, spec.discovery, Effect.RESTART)


def _retention(spec: ServiceSpec, state: ServiceState) -> Iterator[Change]:
    if state.retention is not None and state.retention != spec.log_retention_days:
        before = state.retention or "for ever"
        yield Change("log_retention_days", before, spec.log_retention_days)


def _change(path: str, before: Any, after: Any, effect: Effect) -> Change:
    """Return the change, with values that look like secrets masked."""
    return Change(path, masked(path, before), masked(path, after), effect)
