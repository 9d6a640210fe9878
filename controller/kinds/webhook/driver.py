"""Webhook targets in the store, and versions in MLflow."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from controller.clients.payload import check
from controller.core.clock import Clock
from controller.core.dependencies import Dependencies
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.models.measurement import MetricBaseline, measurement, run_ids
from controller.core.models.model_id import unused_id
from controller.core.models.registration import MODEL_ID_TAG, ModelVersion
from controller.core.models.registry import RegistryReads, RegistryWrites
from controller.core.planning.preflight import PreflightDriver, Resources, Results
from controller.core.resources.details import DetailSection, read_section
from controller.core.resources.driver import Applied
from controller.core.resources.observation import Absent, Observation, Present
from controller.core.resources.plan import Action, Verb
from controller.core.webhooks.body_expression import with_derived_body
from controller.core.webhooks.breaker import CLOSED
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import (
    Profile,
    WebhookEvent,
    event_id,
    identity_of,
    model_registered,
)
from controller.core.webhooks.payload_profile import with_profiles
from controller.core.webhooks.publication_phase import WEBHOOK_ONLY, Phase
from controller.core.webhooks.records import (
    Announcements,
    DeliveryReports,
    KnownTarget,
    TargetRecord,
)
from controller.core.webhooks.redis_message import redis_message
from controller.core.webhooks.rotation import RotationRecords, due_stage
from controller.kinds.webhook.aws import TargetInspector
from controller.kinds.webhook.compare import ANNOUNCED, STAMPED, planned
from controller.kinds.webhook.health import (
    announced_tag,
    missing,
    unstamped,
    wrongly_stamped,
)
from controller.kinds.webhook.migration import PHASE
from controller.kinds.webhook.reports import DELIVERY, SHOWN, rows
from controller.kinds.webhook.rotation.aws.steps import RotationSteps
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret
from controller.kinds.webhook.rotation.health import ROTATION
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import (
    LARGEST_BACKLOG,
    DeliveryCounts,
    QueueState,
    WebhookState,
)

# Enough to say what fails; the rest is counted.
_SHOWN = 50


def connect(dependencies: Dependencies) -> "WebhookDriver":
    """Return the driver; raises PermanentError without an MLflow or a store."""
    api, reader = dependencies.registry()
    ledger, outcomes = dependencies.records()

    def profiles() -> AbstractSet[Profile]:
        """Return the payload profiles of all declared targets."""
        return {
            resource.spec.payload
            for id_, resource in dependencies.declared().items()
            if id_.kind == "webhook"
        }

    return WebhookDriver(
        api,
        reader,
        ledger=ledger,
        outcomes=outcomes,
        clock=dependencies.clock,
        registry=dependencies.owner,
        check=check,
        announced=dependencies.announced,
        benchmarks=dependencies.benchmarks,
        profiles=profiles,
        largest_backlog=dependencies.largest_backlog,
        inspector=connect_preflight(dependencies),
        rotations=dependencies.rotations,
        steps=_steps(dependencies),
    )


def _steps(dependencies: Dependencies) -> RotationSteps | None:
    """Return the steps of rotations; None without a store."""
    if dependencies.rotations is None or dependencies.ping is None:
        return None
    return RotationSteps(
        dependencies.rotations,
        lambda reference: RotatedSecret(dependencies.aws, reference),
        dependencies.clock,
        dependencies.ping,
    )


def connect_preflight(dependencies: Dependencies) -> TargetInspector:
    """Return the preflight checks, which need neither an MLflow nor a store."""
    return TargetInspector(
        dependencies.aws,
        dependencies.resolver,
        dependencies.secret,
        dependencies.platform.region,
    )


class _Problems:
    """Permanent errors of single versions, which must not hold up the others."""

    def __init__(self) -> None:
        self._errors: list[PermanentError] = []

    def passes(self, act: Callable[..., None], *arguments: Any) -> bool:
        """Act, and return False after a permanent error; other errors are raised."""
        try:
            act(*arguments)
        except PermanentError as error:
            self._errors.append(error)
            return False
        return True

    def report(self) -> None:
        """Raise PermanentError with all errors, if there were any."""
        if self._errors:
            raise PermanentError("; ".join(dict.fromkeys(map(str, self._errors))))


class WebhookDriver:
    """The only part of the kind that writes announcements; see ``core.resources.driver.Driver``."""

    def __init__(
        self,
        api: RegistryWrites,
        reader: RegistryReads,
        *,
        ledger: Announcements,
        outcomes: DeliveryReports,
        clock: Clock,
        registry: str,
        check: Callable[[WebhookEvent], None],
        announced: Callable[[], None] = lambda: None,
        benchmarks: Callable[[], Mapping[str, MetricBaseline]] = dict,
        profiles: Callable[[], AbstractSet[Profile]] = frozenset,
        largest_backlog: int = LARGEST_BACKLOG,
        inspector: PreflightDriver | None = None,
        rotations: RotationRecords | None = None,
        steps: RotationSteps | None = None,
    ) -> None:
        """Initialize the driver.

        Args:
            api: Tags versions that a target accepted.
            reader: Reads that the kinds of a pass share.
            ledger: Targets and announcements.
            outcomes: Reports about deliveries.
            clock: Time of the records.
            registry: Name of the MLflow server in version identities; never changes.
            check: Raises if a payload does not match its schema.
            announced: Called when there is a new delivery.
            benchmarks: Returns the declared benchmarks by MLflow's name of the model.
            profiles: Returns the payload profiles of all declared targets.
            largest_backlog: Maximum number of announcements in one pass.
            inspector: Preflight checks; None for none.
            rotations: Recorded rotations of secrets; None for none.
            steps: Steps of a rotation; None for none.
        """
        self._rotations = rotations
        self._steps = steps
        self._profiles = profiles
        self._api = api
        self._reader = reader
        self._ledger = ledger
        self._outcomes = outcomes
        self._clock = clock
        self._registry = registry
        self._check = check
        self._announced = announced
        self._benchmarks = benchmarks
        self._largest_backlog = largest_backlog
        self._inspector = inspector

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return the announced and the existing versions of each declared target."""
        if not declared:
            return {}
        targets = self._ledger.targets()
        states, breakers = self._ledger.delivery_states(), self._outcomes.breakers()
        counts = self._outcomes.counts()
        queued = self._outcomes.counts("redis")
        records = self._outcomes.records()
        rotations = {} if self._rotations is None else self._rotations.all()
        now = self._clock.now()
        versions = self._reader.versions()
        tags = {model.name: model.tags for model in self._reader.models()}
        return {
            id_: Present(
                WebhookState(
                    target=id_.name,
                    registry=self._registry,
                    first_seen=targets[id_.name].first_seen,
                    versions=versions,
                    model_tags=tags,
                    delivery_states=states.get(id_.name, {}),
                    deliveries=self._deliveries(id_.name, counts.get(id_.name, {})),
                    breaker=breakers.get(id_.name, CLOSED),
                    record=records.get(id_.name, TargetRecord()),
                    largest_backlog=self._largest_backlog,
                    queue=self._queue(targets[id_.name], queued.get(id_.name, {})),
                    rotation=rotations.get(id_.name),
                    rotation_due=due_stage(
                        rotations.get(id_.name),
                        records.get(id_.name, TargetRecord()).verified,
                        now,
                    ),
                )
            )
            if id_.name in targets
            else Absent()
            for id_ in declared
        }

    def inspect(self, resources: Resources) -> Results:
        """Return the results of the preflight checks."""
        return {} if self._inspector is None else self._inspector.inspect(resources)

    def apply(self, action: Action) -> Applied:
        """Record the target; announce and stamp the planned versions; or retry."""
        spec: WebhookSpec = action.desired
        if action.verb is Verb.CREATE:
            now, name = self._clock.now(), action.target.name
            self._ledger.add_target(name, spec.address, None, now, spec.phase)
            return Applied()
        if action.verb is Verb.RETRY:
            self._ledger.retry(action.target.name)
            self._announced()
            return Applied()
        state: WebhookState = action.observed
        announced = planned(action.changes, ANNOUNCED, missing(spec, state))
        stamped = planned(action.changes, STAMPED, unstamped(state))
        cleared = planned(action.changes, STAMPED, wrongly_stamped(state))
        problems, phase = _Problems(), state.queue.phase
        if any(change.path == PHASE for change in action.changes):
            phase = spec.phase
            self._ledger.set_phase(state.target, phase)
        done: list[str] = []
        problems.passes(self._announce, spec, state, phase, announced)
        problems.passes(self._stamp, state, stamped)
        problems.passes(self._clear, state, cleared)
        # Last: a receiver that does not answer a ping delays no announcement.
        if any(change.path == ROTATION for change in action.changes):
            problems.passes(lambda: done.append(self._advance(spec, state)))
        problems.report()
        return Applied("".join(done))

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return the latest deliveries of a target."""
        name = resource.id.name
        return (
            read_section(
                "deliveries",
                DELIVERY,
                lambda: rows(self._outcomes.list(SHOWN, name)),
            ),
        )

    def _advance(self, spec: WebhookSpec, state: WebhookState) -> str:
        """Move the rotation to the stage that is due; return a sentence about it."""
        if self._steps is None:
            return ""
        name, accepted = state.target, state.record.verified
        return self._steps.advance(name, spec.secrets, accepted)

    def _announce(
        self,
        spec: WebhookSpec,
        state: WebhookState,
        phase: Phase,
        versions: Iterable[ModelVersion],
    ) -> None:
        problems, versions = _Problems(), tuple(versions)
        # Without a connection, nothing would ever be sent.
        phase = WEBHOOK_ONLY if spec.redis is None else phase
        tags = self._with_ids(state, versions, problems)
        declared = self._benchmarks()
        events = [
            model_registered(
                self._registry,
                version,
                tags.get(version.model, {}),
                declared.get(version.model),
            )
            for version in versions
            if version.model in tags or version.model not in state.model_tags
        ]
        profiled = [
            with_derived_body(
                with_profiles(event, spec.payload, self._profiles()),
                state.target,
                spec.body,
            )
            for event in events
        ]
        valid = [event for event in profiled if problems.passes(self._check, event)]
        messages = (
            () if phase == WEBHOOK_ONLY else self._messages(valid, versions, tags)
        )
        now, target = self._clock.now(), state.target
        if valid and self._ledger.announce(
            target, "webhook", valid, now, phase=phase, messages=messages
        ):
            self._announced()
        problems.report()

    def _messages(
        self,
        events: Iterable[WebhookEvent],
        versions: Iterable[ModelVersion],
        model_tags: Mapping[str, Mapping[str, str]],
    ) -> tuple[WebhookEvent, ...]:
        """Return ``events`` as messages for Redis, without those that it refuses."""
        declared = self._benchmarks()
        by_identity = {identity_of(self._registry, v): v for v in versions}
        chosen = [(event, by_identity[event.identity]) for event in events]
        runs = self._reader.runs_by_id(run_ids(version for _, version in chosen))
        found = [
            redis_message(
                event,
                version,
                (tags := model_tags.get(version.model, {})),
                measurement(
                    version, tags, declared.get(version.model), runs.get(version.run_id)
                ),
            )
            for event, version in chosen
        ]
        return tuple(message for message in found if message is not None)

    def _with_ids(
        self, state: WebhookState, versions: Iterable[ModelVersion], problems: _Problems
    ) -> Mapping[str, Mapping[str, str]]:
        """Fix the ids of the models of ``versions``; return the tags of all models.

        Otherwise a model that is declared after its first announcement would have
        another id from then on. A model whose id cannot be written is left out.
        """
        tags = dict(state.model_tags)
        for name in sorted({version.model for version in versions} & tags.keys()):
            if MODEL_ID_TAG not in tags[name]:
                taken = {t[MODEL_ID_TAG] for t in tags.values() if MODEL_ID_TAG in t}
                id_ = unused_id(name, taken)
                fixed = {**tags.pop(name), MODEL_ID_TAG: id_}
                if problems.passes(self._api.set_model_tag, name, MODEL_ID_TAG, id_):
                    tags[name] = fixed
        return tags

    def _stamp(self, state: WebhookState, versions: Iterable[ModelVersion]) -> None:
        problems = _Problems()
        for version in versions:
            problems.passes(self._tag, announced_tag(state.target), version)
        problems.report()

    def _clear(self, state: WebhookState, versions: Iterable[ModelVersion]) -> None:
        """Remove the tag of versions that the target did not accept."""
        problems, tag = _Problems(), announced_tag(state.target)
        for version in versions:
            problems.passes(
                self._api.delete_version_tag, version.model, version.number, tag
            )
        problems.report()

    def _tag(self, tag: str, version: ModelVersion) -> None:
        id_ = event_id(identity_of(self._registry, version), "model.registered")
        self._api.set_version_tag(version.model, version.number, tag, id_)

    def _queue(
        self, target: KnownTarget, counts: Mapping[DeliveryState, int]
    ) -> QueueState:
        """Return the state of the Redis queue of ``target``."""
        name, phase = target.name, target.phase
        if phase == WEBHOOK_ONLY and not counts:
            return QueueState()
        tried = self._outcomes.list(_SHOWN, name, DeliveryState.PENDING, "redis")
        dead = self._outcomes.list(1, name, DeliveryState.DEAD, "redis")
        errors = [report.reason for report in (*dead, *tried) if report.reason]
        is_last = phase == WEBHOOK_ONLY
        return QueueState(
            phase,
            None if is_last else self._ledger.parity(name, phase),
            pending=counts.get(DeliveryState.PENDING, 0),
            held=counts.get(DeliveryState.HELD, 0),
            dead=counts.get(DeliveryState.DEAD, 0),
            last_error=errors[0] if errors else "",
        )

    def _deliveries(
        self, target: str, counts: Mapping[DeliveryState, int]
    ) -> DeliveryCounts:
        waiting = self._outcomes.list(_SHOWN, target, DeliveryState.PENDING, "webhook")
        dead = self._outcomes.list(1, target, DeliveryState.DEAD, "webhook")
        tried = [report for report in waiting if report.attempts > 1]
        blocked = [report.reason for report in waiting if report.is_blocked]
        errors = [report.reason for report in (*dead, *tried) if report.reason]
        return DeliveryCounts(
            pending=counts.get(DeliveryState.PENDING, 0),
            retrying=len(tried),
            delivered=counts.get(DeliveryState.DELIVERED, 0),
            dead=counts.get(DeliveryState.DEAD, 0),
            last_error=errors[0] if errors else "",
            blocked=blocked[0] if blocked else "",
        )
