"""Look at the declared services: what each is, how its rollout does, whether it serves.

What all services need is asked for all at once: ten a DescribeServices, twenty
service deployments, a hundred tasks. What does not change is asked once.
"""

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
from controller.kinds.service.aws.deployments import ServiceDeployments
from controller.kinds.service.aws.services import EcsServices, exists, moves, troubled
from controller.kinds.service.aws.stopped_tasks import StoppedTasks, Tasks
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.images.aws.observer import ImageObserver, RunningImages
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.operations.requests import set_aside
from controller.kinds.service.render.effective import settled
from controller.kinds.service.render.fingerprint import (
    content,
    is_wanted,
    unnamed,
    wanted,
)
from controller.kinds.service.rollout.aws.readiness import Readiness
from controller.kinds.service.rollout.aws.stop_reasons import StopReasons
from controller.kinds.service.rollout.crash_loop import crash_loop, is_restless, told
from controller.kinds.service.rollout.progress import RolloutProgress
from controller.kinds.service.rollout.rolled_back import taken_back
from controller.kinds.service.rollout.stop_reason import culprit
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import Rejection, ServiceState
from controller.kinds.service.state.task import Task
from controller.kinds.service.state.times import moment
from controller.kinds.service.tags import ServiceTags, tags_of

Answer = Mapping[str, Any]
Declared = Mapping[ResourceId, Resource[Any]]

_GRACE = timedelta(minutes=2)


@dataclass(slots=True)
class _Observed:
    """One service while it is looked at."""

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
    """Observes services; see ``core.driver.Driver.observe``. Reads only.

    Args:
        aws: AWS.
        platform: What all services share.
        ecs: Services and task definitions.
        cloud_map: Names of registries.
        clock: Tells how long a rollout has made no progress.
        readiness: Tells what does not serve; None to leave that out.
        undeclared: Tells what is ours and not declared any more.
        fresh: Tells what tags and secrets stand for by now.
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
        fresh: ImageObserver,
    ) -> None:
        self._aws = aws
        self._platform = platform
        self._undeclared = undeclared
        self._fresh = fresh
        self._ecs = ecs
        self._map = cloud_map
        self._clock = clock
        self._readiness = readiness
        self._before = OneOffSteps(aws)
        self._stopped = StoppedTasks(ClusterTasks(aws), clock)
        self._why = StopReasons(aws, clock)
        self._history = ServiceDeployments(aws, ecs.definition)
        self._progress = RolloutProgress(clock)

    def observe(self, declared: Declared) -> dict[ResourceId, Observation]:
        """Return what is seen of ``declared``; raises DriverError if nothing could be.

        What could not be seen of one service alone says nothing of the others.
        """
        by_cluster: defaultdict[str, dict[str, ResourceId]] = defaultdict(dict)
        for id_, resource in declared.items():
            by_cluster[resource.spec.cluster][resource.spec.name] = id_
        seen: dict[ResourceId, Observation] = {}
        for cluster, names in by_cluster.items():
            seen |= self._cluster(cluster, names, declared)
            seen |= self._undeclared.of(cluster, names)
        own = self._platform.cluster
        if own not in by_cluster:
            with suppress(NotFoundError):
                seen |= self._undeclared.of(own, {})
        return seen

    def _cluster(
        self, cluster: str, names: Mapping[str, ResourceId], declared: Declared
    ) -> dict[ResourceId, Observation]:
        services = self._ecs.services(cluster, names)
        seen: dict[ResourceId, Observation] = {}
        sights: list[_Observed] = []
        for name, id_ in names.items():
            answer = services.get(name)
            if answer is None or not exists(answer):
                seen[id_] = Absent(self._fresh.expected_changes(declared[id_].spec))
                continue
            try:
                sights.append(self._sight(id_, declared[id_], answer))
            except DriverError as error:
                seen[id_] = unknown_from(error)
        seen |= self._add_flights(sights)
        sights = [sight for sight in sights if sight.id not in seen]
        fresh = self._fresh.of(RunningImages(s.id, s.spec, s.answer) for s in sights)
        for sight in sights:
            sight.state = replace(sight.state, fresh=fresh[sight.id])
        stopped = self._deaths(cluster, sights)
        unready = self._unready(cluster, sights)
        for sight in sights:
            sight.state = replace(
                sight.state,
                not_serving=unready.get(sight.spec.name, ()),
                settled=self._is_settled(sight),
            )
            seen[sight.id] = self._observation(sight, stopped)
        return seen

    def _sight(
        self, id_: ResourceId, resource: Resource[Any], answer: Answer
    ) -> _Observed:
        state = self._ecs.state(answer)
        registries = answer.get("serviceRegistries", ())
        names = [self._map.name_of(found["registryArn"]) for found in registries]
        sight = _Observed(id_, resource, answer, state)
        sight.state = replace(
            state,
            discovery=names[0] if names else None,
            our_deployment=sight.tags.deployment or "",
            managed=frozenset((sight.tags.managed or "").split()),
            names={
                arn: self._map.namespace_of(arn)
                for arn in unnamed(resource.spec, answer)
            },
        )
        return sight

    def _add_flights(self, sights: Sequence[_Observed]) -> dict[ResourceId, Unknown]:
        """Add ECS's record of what moves, and of ours where another took its place.

        Returns of which services it could not be seen, and why.
        """
        moving = {
            sight.id: sight.answer["currentServiceDeployment"]
            for sight in sights
            if sight.answer.get("currentServiceDeployment") and moves(sight.state)
        }
        try:
            flights = self._history.flights([*moving.values()])
        except DriverError as error:
            return dict.fromkeys(moving, unknown_from(error))
        for sight in sights:
            flight = flights.get(moving.get(sight.id, ""))
            state = replace(sight.state, service_deployment=flight)
            quiet = self._progress.quiet(state, sight.answer)
            sight.state = replace(state, stalled_for=quiet)
        return {}

    def _deaths(self, cluster: str, sights: Sequence[_Observed]) -> Tasks:
        """Return the stopped tasks of the cluster, if anybody has use for them.

        At once if a service wants for tasks, and each minute if tasks come by
        themselves; a look that only shows a difference leaves the latter out.
        """
        if any(troubled(sight.state) or _differs(sight) for sight in sights):
            return self._stopped.of(cluster, refresh=True)
        now, thorough = self._clock.now(), self._readiness is not None
        if thorough and any(is_restless(s.state, s.answer, now) for s in sights):
            return self._stopped.of(cluster, refresh=False)
        return {}

    def _unready(
        self, cluster: str, sights: Iterable[_Observed]
    ) -> Mapping[str, tuple[str, ...]]:
        if self._readiness is None:
            return {}
        known = {sight.spec.name: (sight.spec, sight.state) for sight in sights}
        return self._readiness.of(cluster, known)

    def _observation(self, sight: _Observed, stopped: Tasks) -> Observation:
        tasks = stopped.get(sight.spec.name, ())
        state = sight.state = self._with_crash_loop(sight, tasks)
        try:
            if troubled(state) or _differs(sight):
                primary = state.primary
                task = culprit(tasks, primary.id if primary else "")
                problem = self._why.sentence(sight.spec, sight.answer, task)
                stopped_before, awaited = self._steps(sight)
                gave_up = self._history.rejections(sight.id.name, sight.answer, problem)
                state = replace(
                    state,
                    problem=problem if troubled(state) else "",
                    rejected=(*stopped_before, *gave_up),
                    pending_step=awaited,
                )
        except DriverError as error:
            return unknown_from(error)
        by_hand = set_aside(sight.id.name, sight.spec, sight.answer)
        moved = state.service_deployment is not None and not _differs(sight)
        whole = taken_back(sight.resource, state) if moved else ()
        rejected = (*by_hand, *whole, *state.rejected)
        ownership = ownership_of(tags_of(sight.answer), self._platform.owner)
        applied = sight.tags.applied
        return Present(replace(state, rejected=rejected), ownership, applied)

    def _with_crash_loop(self, sight: _Observed, tasks: Sequence[Task]) -> ServiceState:
        """Return the state with how its tasks die again and again, if they do."""
        state = sight.state
        loop = crash_loop(state, sight.answer, tasks, self._clock.now())
        if loop is None:
            return state
        why = self._why.sentence(sight.spec, sight.answer, loop.last)
        revision = state.definition_arn.rpartition("/")[2]
        return replace(state, crash_loop=told(sight.id.name, loop, revision, why))

    def _steps(self, sight: _Observed) -> tuple[tuple[Rejection, ...], str]:
        """Return the declared content, if a step that must precede it has failed.

        And what is to be run once more before it.
        """
        spec = settled(sight.spec, sight.state)
        if spec.before and _differs(sight):
            for revision in self._ecs.equal_revisions(spec.name, wanted(spec))[:1]:
                told = self._before.told(sight.id.name, spec, revision)
                if not told.failed:
                    return (), told.awaited
                message = f"{told.failed[0].upper()}{told.failed[1:]}."
                return (Rejection(content(spec), message, stopped=revision),), ""
        return (), ""

    def _is_settled(self, sight: _Observed) -> bool:
        """Whether ECS was done long enough ago for everything to serve."""
        health = sight.spec.health
        grace = timedelta(seconds=health.grace) if health else _GRACE
        for deployment in sight.answer["deployments"]:
            if deployment["status"] == "PRIMARY":
                at = moment(deployment.get("updatedAt"))
                return at is None or self._clock.now() - at >= grace
        return True


def _differs(sight: _Observed) -> bool:
    spec = settled(sight.spec, sight.state)
    return not is_wanted(spec, dict(sight.state.definition))
