"""The timeline of one version of a model, from its run to the attempts at its deliveries."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.app.read_only import looking
from controller.app.session import Session
from controller.bootstrap.controller import Controller
from controller.bootstrap.store_file import opened_database, store_is_there
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError
from controller.core.models.registration import ModelVersion, newest_version
from controller.core.models.timeline import TimelineStep
from controller.core.resources.observation import ObservedState, Present, Unknown
from controller.core.webhooks.event import identity_of
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport
from controller.kinds.model.timeline import timeline_of
from controller.kinds.webhook.timeline import timeline_at
from controller.store.deliveries import DeliveryLog

Deliveries = Mapping[str, tuple[DeliveryReport, tuple[DeliveryAttempt, ...]]]


def version_timeline(
    context: Session, target: ResourceId, number: int | None
) -> tuple[TimelineStep, ...]:
    """Return the timeline of version ``number`` of a model, or of its newest one.

    Reads only. Empty if the model has no version.

    Raises:
        RefusedError: The model has no such version, or could not be observed.
        DriverError: The store could not be read.
    """
    declared = {
        id_: resource
        for id_, resource in context.document.resources.items()
        if id_ == target or id_.kind == "webhook"
    }
    without_store = not store_is_there(context.settings)
    with looking(context, without_store=without_store) as (controller, left_out):
        declared = {id_: r for id_, r in declared.items() if id_.kind not in left_out}
        observed = controller.observe(declared)
        version = _version(target, observed, number)
        if version is None:
            return ()
        return tuple(_steps(context, controller, declared, observed, target, version))


def _version(
    target: ResourceId, observed: ObservedState, number: int | None
) -> ModelVersion | None:
    seen = observed.of(target)
    if isinstance(seen, Unknown):
        msg = f"{target} could not be observed: {seen.reason}"
        raise RefusedError(msg)
    versions: tuple[ModelVersion, ...] = ()
    if isinstance(seen, Present):
        versions = seen.state.versions
    if number is None:
        return newest_version(versions)
    found = next((v for v in versions if v.number == number), None)
    if found is None:
        known = ", ".join(str(v.number) for v in versions) or "none"
        msg = f"{target} has no version {number}; it has: {known}"
        raise RefusedError(msg)
    return found


def _steps(
    context: Session,
    controller: Controller,
    declared: Mapping[ResourceId, Resource[Any]],
    observed: ObservedState,
    target: ResourceId,
    version: ModelVersion,
) -> Iterator[TimelineStep]:
    state = observed.of(target)
    if isinstance(state, Present):
        yield from timeline_of(declared[target].spec, state.state, version)
    deliveries = _deliveries(context, controller, version)
    for id_, resource in sorted(declared.items()):
        if id_.kind != "webhook":
            continue
        match observed.of(id_):
            case Present(found):
                recorded = deliveries.get(id_.name)
                yield from timeline_at(resource.spec, found, version, recorded)
            case Unknown(reason):
                yield TimelineStep(None, f"{id_.name}: could not be observed: {reason}")
            case _:
                yield TimelineStep(
                    None, f"{id_.name}: the target was not observed yet."
                )


def _deliveries(
    context: Session, controller: Controller, version: ModelVersion
) -> Deliveries:
    """Return the deliveries of ``version`` by target; none without a store."""
    if not store_is_there(context.settings):
        return {}
    with opened_database(context.settings, read_only=True) as database:
        log = DeliveryLog(database)
        owner = controller.document.platform.owner
        return {
            report.target: (report, log.attempts(report.id))
            for report in log.of_version(identity_of(owner, version))
        }
