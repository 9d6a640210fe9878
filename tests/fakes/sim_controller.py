"""A controller composed as in the program, on simulated clients.

Loops and threads are replaced: an executor runs tasks at once, and one round of
deliveries follows each pass. The real code makes all decisions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from controller.bootstrap.deliveries import (
    DeclaredTargets,
    RecentRotations,
    destination_of,
    subscriptions,
)
from controller.clients.aws_destinations import AwsDestinations
from controller.clients.fence import FencedAws, FencedRest
from controller.clients.mlflow import MlflowApi, MlflowReader
from controller.clients.mlflow.rest import MlflowRest
from controller.clients.payload import check
from controller.clients.secrets import Secrets
from controller.core.audit.entry import AuditSource
from controller.core.clock import Clock
from controller.core.dependencies import published_parameters
from controller.core.document.reference import SecretReference
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.driver import Applied, Driver, Progressing
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.core.webhooks.answers import Answer
from controller.core.webhooks.delivery_requests import (
    DeliveryOperation,
    DeliveryRequest,
    DeliverySelection,
)
from controller.core.webhooks.ping import ping_request
from controller.core.webhooks.retry_schedule import RetrySchedule, after_attempt
from controller.core.webhooks.rotation import versioned
from controller.core.webhooks.signature import key_of
from controller.engine.aws_messages import aws_message
from controller.engine.dispatcher import WebhookTarget
from controller.engine.interventions import InterventionRunner
from controller.engine.leader import Leader
from controller.engine.reconciler import PassResult, Reconciler
from controller.engine.signed_requests import _headers
from controller.engine.store_memory import StoreMemory
from controller.kinds import discover
from controller.kinds.endpoint.driver import EndpointDriver
from controller.kinds.experiment.driver import ExperimentDriver
from controller.kinds.hint.compare import webhook_name
from controller.kinds.hint.driver import HintDriver
from controller.kinds.model.driver import ModelDriver
from controller.kinds.service.driver import ServiceDriver
from controller.kinds.service.operations.requests import has_restarted, is_unrecorded
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.tags import RESTARTED_BY, tags_of
from controller.kinds.webhook.driver import WebhookDriver
from controller.kinds.webhook.rotation.aws.steps import RotationSteps
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret
from controller.settings import Settings
from controller.spec.document import Document
from controller.store.announcements import AnnouncementLedger
from controller.store.approvals import StoredApprovals
from controller.store.attempts import AttemptResult
from controller.store.deliveries import DeliveryLog
from controller.store.delivery_operations import StoredDeliveryOperations
from controller.store.fallbacks import StoredFallbacks
from controller.store.lease import Lease, Leases
from controller.store.model_metadata import StoredMetadata
from controller.store.outbox import Outbox
from controller.store.secret_rotations import StoredRotations
from tests.fakes.sim_aws import SimulatedAws
from tests.fakes.sim_engine import OrderlyPool, WatchedExecutor, WatchedObserver
from tests.fakes.sim_mlflow import SimulatedMlflow
from tests.fakes.sim_net import (
    SimulatedDns,
    SimulatedProbe,
    SimulatedQueue,
    SimulatedReceiver,
    post,
    push,
)
from tests.fakes.sim_store import SimulatedStore
from tests.fakes.sim_wire import Wire

KINDS = discover()
_DEFAULTS = Settings()
_POLICY = RetrySchedule.doubling(
    _DEFAULTS.webhook_max_retries, _DEFAULTS.webhook_retry_delay
)
_MARGIN = timedelta(seconds=30)


class SimulatedApi(MlflowApi):
    """The real MLflow client on a simulated server."""

    def __init__(self, rest: MlflowRest) -> None:
        self._rest = rest


@dataclass
class Outside:
    """Everything outside a controller.

    Attributes:
        document: Function that returns the document; raises SpecError.
        receivers: Webhook receivers by name of the target.
        environ: Environment with the secrets.
        memory: Memory before the first pass.
    """

    wire: Wire
    clock: Clock
    store: SimulatedStore
    aws: SimulatedAws
    mlflow: SimulatedMlflow
    dns: SimulatedDns
    probe: SimulatedProbe
    receivers: dict[str, SimulatedReceiver]
    document: Callable[[], Document]
    environ: dict[str, str]
    memory: StoreMemory


@dataclass(frozen=True, slots=True)
class Wish:
    """A requested operation.

    Attributes:
        verb: Operation, as in roll back or restart.
        target: Resource to operate on.
        request: Requester, reason and parameters.
    """

    verb: Verb
    target: ResourceId
    request: OperationRequest


@dataclass(frozen=True, slots=True)
class RedriveWish:
    """A request to send the dead deliveries of a target again."""

    target: str


# Refusals of a repeated request whose operation was done already.
_WAS_DONE = (
    "the declared revision is on hold",
    "the last restart was at",
    "since the last retry",
    "runs again, requested by",
    "already",
)


class SimController:
    """One controller process; its memory ends with it."""

    def __init__(
        self,
        outside: Outside,
        document: Document,
        worker: str,
        *,
        lease: Lease | None = None,
        memory: StoreMemory | None = None,
    ) -> None:
        self.outside = outside
        self.document = document
        self.worker = worker
        store, clock = outside.store, outside.clock
        outside.wire.aside += 1
        try:
            self.leader = Leader(Leases(store), worker, clock)
            self.outbox, self.queue = Outbox(store), Outbox(store, "redis")
            if lease is None:
                self.leads = self.leader.take() is None
            else:
                self.leads, self.leader._lease = True, lease
            self.memory = memory or StoreMemory(store, clock)
            self.memory.trail.source = self._audit_source
            self.memory.publisher.owner = document.platform.owner
            self.memory.publisher.subscriptions = lambda: subscriptions(self.document)
            if self.leads and lease is None:
                self.memory.take_over()
        finally:
            outside.wire.aside -= 1
        held = self.leader.is_leader
        self.aws = FencedAws(outside.aws, held)
        api = SimulatedApi(FencedRest(outside.mlflow, held))
        self.reader = MlflowReader(api)
        self.metadata = StoredMetadata(store)
        self.rotations = RecentRotations(StoredRotations(store), clock)
        self.pool = OrderlyPool()
        self.drivers = self._drivers(api)
        self.observer = WatchedObserver(
            self.drivers, self.pool, clock, forget=(self.reader.clear,)
        )
        self.executor = WatchedExecutor(
            self.drivers,
            self.memory,
            self.pool,
            clock,
            permitted=held,
            creation=self.memory.creation,
        )
        self.reconciler = Reconciler(
            KINDS, self.observer, self.executor, self.memory, clock
        )

    def _audit_source(self) -> AuditSource:
        return AuditSource(self.worker, document_digest=self.document.digest)

    def reconcile(self, *, backwards: bool = False) -> PassResult:
        """Run one pass on the current document."""
        self.pool.backwards = backwards
        self.observer.seen.clear()
        self.executor.asked.clear()
        platform = self.document.platform
        limits = SafetyLimits(platform.max_disruptive_actions, platform.prune)
        return self.reconciler.run(self.document.resources, limits, platform.interval)

    def _redriven(self, wish: RedriveWish) -> bool:
        """Send dead deliveries again, as ``deliveries redrive`` does."""
        chosen = DeliverySelection(target=wish.target)
        request = DeliveryRequest(DeliveryOperation.REDRIVE, chosen)
        stored = StoredDeliveryOperations(self.outside.store, AuditSource)
        stored.perform(request, "ada", "The receiver works again.")
        return True

    def granted(self, wish: Wish | RedriveWish) -> bool:
        """Carry out a requested operation; return True if it is or was done.

        A requester that got no result checks before repeating the request, because a
        later restart would be carried out again.
        """
        if isinstance(wish, RedriveWish):
            return self._redriven(wish)
        requests, declared = (
            InterventionRunner(self.reconciler),
            self.document.resources,
        )
        resource = declared.get(wish.target)
        if resource is None:
            return False
        is_service = wish.target.kind == "service"
        if is_service and self._was_restarted(resource.spec, wish):
            return True
        limits = SafetyLimits(self.document.platform.max_disruptive_actions)
        try:
            action = requests.action(
                wish.verb, wish.request, resource, declared, limits
            )
        except RefusedError as error:
            return any(words in str(error) for words in _WAS_DONE)
        outcome = requests.carry_out(action, declared)
        return isinstance(outcome, Applied | Progressing)

    def _was_restarted(self, spec: ServiceSpec, wish: Wish) -> bool:
        """Return True if the tags of the service name this request."""
        query = {"cluster": spec.cluster, "services": [spec.name], "include": ["TAGS"]}
        simulator = self.outside.aws.ecs.simulator
        (service,) = simulator.call("DescribeServices", query)["services"]
        by = tags_of(service).get(RESTARTED_BY)
        return (
            by == str(wish.request)
            and has_restarted(service)
            and not is_unrecorded(service)
        )

    def refence(self) -> None:
        """Make the store refuse holders of an older lease."""
        if self.leader._lease is not None:
            self.leader._leases.fence(self.leader._lease)

    def renew(self) -> None:
        """Renew the lease, as the renewal thread does."""
        self.outside.wire.aside += 1
        try:
            self.leads = self.leader._renew()
        finally:
            self.outside.wire.aside -= 1

    def deliver(self) -> None:
        """Send every due delivery once."""
        for id_, resource in self.document.resources.items():
            if id_.kind == "webhook":
                spec = resource.spec
                self.outside.receivers[id_.name].payloads.add(spec.payload)
                target = WebhookTarget(
                    spec.address,
                    _POLICY,
                    spec.timeout,
                    destination=destination_of(spec),
                )
                self._deliver(id_, target)
                if spec.redis is not None:
                    self._push(id_.name, timedelta(seconds=spec.redis.release_after))

    def _deliver(self, id_: ResourceId, target: WebhookTarget) -> None:
        outside = self.outside
        lease = timedelta(seconds=target.timeout) + _MARGIN
        settings, rotations = Settings(), self.rotations.all
        secret = Secrets(outside.environ, outside.aws).value
        declared = DeclaredTargets(
            lambda: self.document, secret, settings, rotations, outside.clock
        )
        if id_.name not in self.outbox.due_targets([id_.name]):
            return
        # As the dispatcher: no call may delay a request after its claim.
        keys = declared.secrets_of(id_.name).keys
        with self.outbox.transaction():
            claimed = self.outbox.claim(self.worker, id_.name, 8, lease)
            started = self.outbox.start_all(claimed, outside.clock.now())
        in_aws = AwsDestinations(outside.aws, outside.clock)
        for delivery in claimed:
            attempt = started[delivery.id]
            if target.destination is None:
                headers = _headers(delivery, attempt, keys, outside.clock)
                receiver = outside.receivers[id_.name]
                answer = post(outside.wire, receiver, headers, delivery.body)
            else:
                message = aws_message(delivery, attempt)
                answer = in_aws.send(target.destination, message)
            now = outside.clock.now()
            key = f"{delivery.event_id}/{id_.name}"
            step = after_attempt(target.schedule, answer, delivery.progress, now, key)
            result = AttemptResult(delivery, answer, step, now, timedelta())
            self.outbox.finish_all([result])

    def _ping(self, name: str, reference: SecretReference, version: str) -> Answer:
        """Send a ping that one version of a secret signs."""
        outside = self.outside
        secret = Secrets(outside.environ, outside.aws).value
        key = key_of(secret(versioned(reference, version)))
        request = ping_request(name, [key], outside.clock.now())
        receiver = outside.receivers[name]
        return post(outside.wire, receiver, request.headers, request.body)

    def _push(self, name: str, held_for: timedelta) -> None:
        """Send what is due to the Redis queue of a target."""
        outside, now = self.outside, self.outside.clock.now
        self.queue.settle_held(name, held_for)
        if name not in self.queue.due_targets([name]):
            return
        with self.queue.transaction():
            claimed = self.queue.claim(self.worker, name, 8, _MARGIN)
            self.queue.start_all(claimed, now())
        for delivery in claimed:
            queue = outside.receivers[f"redis:{name}"]
            assert isinstance(queue, SimulatedQueue)
            answer = push(outside.wire, queue, delivery.event_id)
            key = f"{delivery.event_id}/redis:{name}"
            step = after_attempt(_POLICY, answer, delivery.progress, now(), key)
            result = AttemptResult(delivery, answer, step, now(), timedelta())
            self.queue.finish_all([result])

    def _drivers(self, api: SimulatedApi) -> Mapping[str, Driver]:
        outside = self.outside
        store, owner = outside.store, self.document.platform.owner
        fallbacks = StoredFallbacks(store)

        def experiment_name(key: str) -> str:
            id_ = ResourceId("experiment", key)
            resource = self.document.resources.get(id_)
            return key if resource is None else str(resource.spec.name)

        endpoint = EndpointDriver(
            outside.dns,
            fallbacks,
            self.aws,
            outside.probe,
            parallel=OrderlyPool,
            clock=outside.clock,
            owner=owner,
            declared=lambda: self.document.resources,
            prune=self.document.platform.prune,
        )
        return {
            "endpoint": endpoint,
            "service": ServiceDriver(
                self.aws,
                self.document.platform,
                outside.clock,
                published=lambda: published_parameters(self.document.resources),
            ),
            "hint": HintDriver(
                api,
                webhook_name(owner),
                Secrets(outside.environ, self.aws).value,
                lambda: self.document.resources,
            ),
            "experiment": ExperimentDriver(api, self.reader, owner),
            "model": ModelDriver(
                api,
                self.reader,
                owner,
                experiment_name,
                clock=outside.clock,
                approvals=StoredApprovals(store),
                metadata=self.metadata,
            ),
            "webhook": WebhookDriver(
                api,
                self.reader,
                ledger=AnnouncementLedger(store),
                outcomes=DeliveryLog(store),
                clock=outside.clock,
                registry=owner,
                check=check,
                rotations=StoredRotations(store),
                steps=RotationSteps(
                    StoredRotations(store),
                    lambda reference: RotatedSecret(self.aws, reference),
                    outside.clock,
                    self._ping,
                ),
                profiles=lambda: {
                    r.spec.payload
                    for id_, r in self.document.resources.items()
                    if id_.kind == "webhook"
                },
            ),
        }
