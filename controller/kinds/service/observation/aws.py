"""Observation of declared services: state, rollout, readiness, images.

Calls are shared between services: ten services per DescribeServices, twenty service
deployments and a hundred tasks per call. Immutable data is read once.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, NotFoundError
from controller.core.resources.observation import (
    Absent,
    Observation,
    Present,
    Unknown,
    unknown_from,
)
from controller.core.resources.ownership import ownership_of
from controller.core.values.aws_answers import utc_time
from controller.kinds.service.aws.deployments import ServiceDeployments
from controller.kinds.service.aws.services import (
    EcsServices,
    exists,
    is_changing,
    lacks_tasks,
)
from controller.kinds.service.aws.stopped_tasks import StoppedTasks, Tasks
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.images.aws.observer import ImageObserver, RunningImages
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import on_hold
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.fingerprint import (
    declared_definition,
    definition_hash,
    is_declared,
    unnamed_arns,
)
from controller.kinds.service.rollout.aws.readiness import Readiness
from controller.kinds.service.rollout.aws.stop_reasons import StopReasons
from controller.kinds.service.rollout.crash_loop import (
    crash_loop,
    crash_loop_message,
    has_recent_starts,
    start_times,
)
from controller.kinds.service.rollout.progress import RolloutProgress
from controller.kinds.service.rollout.status import (
    rejected_declaration,
    rolled_back_deployment,
)
from controller.kinds.service.rollout.stop_reason import last_failed
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import Rejection, ServiceState
from controller.kinds.service.state.task import Task
from controller.kinds.service.tags import ServiceTags, tags_of

log = logging.getLogger(__name__)

Answer = Mapping[str, Any]
Declared = Mapping[ResourceId, Resource[Any]]

# Time from the end of a rollout until all targets serve, without `health.grace`.
_GRACE = timedelta(minutes=2)


@dataclass(slots=True)
class _Observed:
    """A service while it is observed; its state is completed step by step."""

    id: ResourceId
    resource: Resource[Any]
    answer: Answer
    state: ServiceState

    @property
    def spec(self) -> ServiceSpec:
        spec: ServiceSpec = self.resource.spec
        return spec

    @property
    def tags(self) -> ServiceTags:
        return ServiceTags.of(self.answer)


class ServiceObserver:
    """Observes services; see ``core.resources.driver.Driver.observe``. Reads only.

    Args:
        aws: Client for AWS.
        platform: Values that all services share.
        ecs: Services and task definitions.
        cloud_map: Names of registries.
        clock: Clock for the progress of rollouts.
        readiness: Checks after a rollout; None to skip them.
        undeclared: Managed services that are no longer declared.
        images: Image digests and secret versions.
    """

    def __init__(
        self,
        aws: Aws,
        platform: Platform,
        ecs: EcsServices,
        cloud_map: CloudMap,
        clock: Clock,
        readiness: Readiness | None,
        undeclared: UndeclaredServices,
        images: ImageObserver,
    ) -> None:
        self._aws = aws
        self._platform = platform
        self._undeclared = undeclared
        self._images = images
        self._ecs = ecs
        self._cloud_map = cloud_map
        self._clock = clock
        self._readiness = readiness
        self._steps = OneOffSteps(aws)
        self._stopped = StoppedTasks(ClusterTasks(aws), clock)
        self._stop_reasons = StopReasons(aws, clock)
        self._deployments = ServiceDeployments(aws, ecs.definition)
        self._progress = RolloutProgress(clock)

    def observe(self, declared: Declared) -> dict[ResourceId, Observation]:
        """Return the observations of ``declared`` and of undeclared managed services.

        Raises DriverError if a whole cluster could not be read. A service that alone
        could not be read is Unknown.
        """
        by_cluster: defaultdict[str, dict[str, ResourceId]] = defaultdict(dict)
        for id_, resource in declared.items():
            by_cluster[resource.spec.cluster][resource.spec.name] = id_
        found: dict[ResourceId, Observation] = {}
        for cluster, names in by_cluster.items():
            found |= self._cluster(cluster, names, declared)
            found |= self._undeclared.of(cluster, names)
        own = self._platform.cluster
        if own not in by_cluster:
            with suppress(NotFoundError):
                found |= self._undeclared.of(own, {})
        return found

    def _cluster(
        self, cluster: str, names: Mapping[str, ResourceId], declared: Declared
    ) -> dict[ResourceId, Observation]:
        services = self._ecs.services(cluster, names)
        found: dict[ResourceId, Observation] = {}
        observed: list[_Observed] = []
        for name, id_ in names.items():
            answer = services.get(name)
            if answer is None or not exists(answer):
                found[id_] = Absent(self._images.pin_changes(declared[id_].spec))
                continue
            try:
                observed.append(self._observed(id_, declared[id_], answer))
            except Exception as error:  # noqa: BLE001 - one service must not stop the others
                found[id_] = _unknown(id_, error)
        found |= self._add_deployments(observed)
        observed = [one for one in observed if one.id not in found]
        images = self._images.of(
            RunningImages(one.id, one.spec, one.answer) for one in observed
        )
        for one in observed:
            one.state = replace(one.state, fresh=images[one.id])
        stopped = self._stopped_tasks(cluster, observed)
        problems = self._readiness_problems(cluster, observed)
        for one in observed:
            not_serving = problems.get(one.spec.name, ())
            try:
                found[one.id] = self._observation(one, stopped, not_serving)
            except Exception as error:  # noqa: BLE001 - one service must not stop the others
                found[one.id] = _unknown(one.id, error)
        return found

    def _observed(
        self, id_: ResourceId, resource: Resource[Any], answer: Answer
    ) -> _Observed:
        state = self._ecs.state(answer)
        registries = answer.get("serviceRegistries", ())
        names = [self._cloud_map.name_of(found["registryArn"]) for found in registries]
        one = _Observed(id_, resource, answer, state)
        one.state = replace(
            state,
            discovery=names[0] if names else None,
            our_deployment=one.tags.deployment or "",
            managed=frozenset((one.tags.managed or "").split()),
            names={
                arn: self._cloud_map.namespace_of(arn)
                for arn in unnamed_arns(resource.spec, answer)
            },
        )
        return one

    def _add_deployments(
        self, observed: Sequence[_Observed]
    ) -> dict[ResourceId, Unknown]:
        """Add the service deployments of services that change.

        Returns the services whose service deployment could not be read.
        """
        changing = {
            one.id: one.answer["currentServiceDeployment"]
            for one in observed
            if one.answer.get("currentServiceDeployment") and is_changing(one.state)
        }
        try:
            deployments = self._deployments.of([*changing.values()])
        except DriverError as error:
            return dict.fromkeys(changing, unknown_from(error))
        for one in observed:
            deployment = deployments.get(changing.get(one.id, ""))
            state = replace(one.state, service_deployment=deployment)
            stalled_for = self._progress.stalled_for(state, one.answer)
            one.state = replace(state, stalled_for=stalled_for)
        return {}

    def _stopped_tasks(self, cluster: str, observed: Sequence[_Observed]) -> Tasks:
        """Return the stopped tasks of the cluster, if a service needs them.

        They are read at once if a service lacks tasks or differs, and once a minute if
        ECS replaced a task. Without readiness checks, the latter is skipped.
        """
        if any(_needs_cause(one) for one in observed):
            return self._stopped.of(cluster, refresh=True)
        now, thorough = self._clock.now(), self._readiness is not None
        if thorough and any(
            has_recent_starts(one.state, one.answer, now) for one in observed
        ):
            return self._stopped.of(cluster, refresh=False)
        return {}

    def _readiness_problems(
        self, cluster: str, observed: Iterable[_Observed]
    ) -> Mapping[str, tuple[str, ...]]:
        if self._readiness is None:
            return {}
        services = {one.spec.name: (one.spec, one.state) for one in observed}
        return self._readiness.of(cluster, services)

    def _observation(
        self, one: _Observed, stopped: Tasks, not_serving: tuple[str, ...]
    ) -> Observation:
        settled = self._is_settled(one)
        one.state = replace(one.state, not_serving=not_serving, settled=settled)
        tasks = stopped.get(one.spec.name, ())
        state = one.state = self._with_crash_loop(one, tasks)
        problem = ""
        try:
            if _needs_cause(one):
                primary = state.primary
                task = last_failed(tasks, primary.id if primary else "")
                problem = self._stop_reasons.of(one.spec, one.answer, task)
            if lacks_tasks(state) or _differs(one):
                failed_steps, pending_step = self._step_state(one)
                failed = self._deployments.rejections(one.id.name, one.answer, problem)
                state = replace(
                    state,
                    problem=problem if lacks_tasks(state) else "",
                    rejected=(*failed_steps, *failed),
                    pending_step=pending_step,
                )
        except DriverError as error:
            return unknown_from(error)
        held = on_hold(one.id.name, one.spec, one.answer)
        rejected = (*held, *state.rejected)
        if not _differs(one):
            declaration = rejected_declaration(one.resource, state, problem)
            rejected = (*held, *declaration, *state.rejected)
        ownership = ownership_of(tags_of(one.answer), self._platform.owner)
        applied = one.tags.applied
        return Present(replace(state, rejected=rejected), ownership, applied)

    def _with_crash_loop(self, one: _Observed, tasks: Sequence[Task]) -> ServiceState:
        """Return the state with the message about a crash loop, if there is one."""
        state = one.state
        loop = crash_loop(state, one.answer, tasks, self._clock.now())
        if loop is None:
            return state
        cause = self._stop_reasons.of(one.spec, one.answer, loop.last)
        revision = state.definition_arn.rpartition("/")[2]
        message = crash_loop_message(one.id.name, loop, revision, cause)
        return replace(state, crash_loop=message)

    def _step_state(self, one: _Observed) -> tuple[tuple[Rejection, ...], str]:
        """Return the rejection by a failed step, and the step that is to run again."""
        spec = effective_spec(one.spec, one.state)
        if spec.before and _differs(one):
            for revision in self._ecs.equal_revisions(
                spec.name, declared_definition(spec)
            )[:1]:
                step = self._steps.state(one.id.name, spec, revision)
                if not step.failed:
                    return (), step.pending
                message = f"{step.failed[0].upper()}{step.failed[1:]}."
                return (
                    Rejection(definition_hash(spec), message, stopped=revision),
                ), ""
        return (), ""

    def _is_settled(self, one: _Observed) -> bool:
        """Return True if all tasks had the time to serve.

        The time starts at the end of the rollout, and again when ECS starts a task.
        """
        health = one.spec.health
        grace = timedelta(seconds=health.grace) if health else _GRACE
        updates = (
            utc_time(deployment.get("updatedAt"))
            for deployment in one.answer["deployments"]
            if deployment["status"] == "PRIMARY"
        )
        times = [*filter(None, updates), *start_times(one.answer)]
        return not times or self._clock.now() - max(times) >= grace


def _unknown(id_: ResourceId, error: Exception) -> Unknown:
    """Return the observation after ``error``; one that is not expected is logged."""
    if isinstance(error, DriverError):
        return unknown_from(error)
    log.error(
        "a service could not be read", extra={"resource": str(id_)}, exc_info=error
    )
    return Unknown(f"The service could not be read: {type(error).__name__}.")


def _needs_cause(one: _Observed) -> bool:
    """Return True if tasks fail, or a rollout of the declaration may have failed."""
    if lacks_tasks(one.state) or _differs(one):
        return True
    return rolled_back_deployment(one.resource, one.state) is not None


def _differs(one: _Observed) -> bool:
    spec = effective_spec(one.spec, one.state)
    return not is_declared(spec, dict(one.state.definition))
