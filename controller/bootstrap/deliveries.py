"""Webhook dispatcher for the targets of a document, with their signing keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from controller.bootstrap.aws import DeferredAws, aws_client
from controller.bootstrap.holder import holder_id
from controller.bootstrap.names import resolver_for
from controller.bootstrap.store import Store
from controller.clients.aws_destinations import AwsDestinations
from controller.clients.client_certificate import check_certificate
from controller.clients.clock import SystemClock
from controller.clients.redis_queue import RedisQueue
from controller.clients.webhook import Sender
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.dns.rollout import Consumer
from controller.core.document.reference import SecretReference
from controller.core.document.resource import ResourceId
from controller.core.errors import NotFoundError
from controller.core.rates.retry import RetryPolicy
from controller.core.values.identity import content_hash
from controller.core.values.secret import Secret
from controller.core.webhooks.address_policy import (
    PRIVATE_NETWORKS,
    AddressPolicy,
    declared_addresses,
)
from controller.core.webhooks.aws_destination import (
    AwsDestination,
    EventBus,
    SqsQueue,
)
from controller.core.webhooks.breaker import BreakerPolicy
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.rotation import (
    RotationRecords,
    SecretRotation,
    signing_secrets,
    versioned,
)
from controller.core.webhooks.signature import DEFAULT_SCHEME, key_of
from controller.core.webhooks.subscription import Subscription
from controller.core.webhooks.target_secrets import (
    ClientCertificate,
    TargetSecrets,
    basic,
    bearer,
)
from controller.engine.aws_messages import AwsMessages
from controller.engine.dispatcher import (
    AfterAttempt,
    Dispatcher,
    DispatchLimits,
    WebhookTarget,
)
from controller.engine.queue_messages import QueueMessages
from controller.engine.signed_requests import SignedRequests
from controller.kinds.webhook.spec import AuthSpec, WebhookSpec
from controller.resolver import Keeper
from controller.resolver.aio import AddressResolver
from controller.settings import Settings
from controller.spec.document import Document
from controller.store.outbox import Outbox
from controller.telemetry.metrics import Metrics

Rotations = Callable[[], Mapping[str, SecretRotation]]
# Redis answers at once or not at all.
_QUEUE_TIMEOUT = 10.0
_REREAD_SECONDS = 1.0


class DeclaredTargets:
    """The targets of the current document.

    Args:
        document: Returns the current document.
        secret: Returns the value of a reference; raises ControllerError.
        settings: Base of the retry schedules.
        rotations: Returns the latest rotation of each target's secret.
        clock: Clock for the end of rotations.
    """

    def __init__(
        self,
        document: Callable[[], Document],
        secret: Callable[[SecretReference], str],
        settings: Settings,
        rotations: Rotations = dict,
        clock: Clock | None = None,
    ) -> None:
        self._document = document
        self._secret = secret
        self._rotations = rotations
        self._clock = clock or SystemClock()
        self._base = settings.webhook_max_retries, settings.webhook_retry_delay
        self._known: tuple[Document, Mapping[str, SecretRotation]] | None = None
        self._targets: Mapping[str, WebhookTarget] = {}

    def targets(self) -> Mapping[str, WebhookTarget]:
        """Return the delivery settings of each target; any thread may call this.

        They are computed again for another document or after a step of a rotation.

        Raises:
            ControllerError: The rotations cannot be read.
        """
        document, rotations = self._document(), self._rotations()
        if self._known is not None:
            same, steps = self._known
            if same is document and steps == rotations:
                return self._targets
        self._targets = {
            id_.name: self._target(resource.spec, document, rotations.get(id_.name))
            for id_, resource in document.resources.items()
            if id_.kind == "webhook"
        }
        self._known = document, rotations
        return self._targets

    def queues(self) -> Mapping[str, WebhookTarget]:
        """Return the delivery settings of each Redis queue."""
        return {
            id_.name: WebhookTarget(
                spec.redis.url,
                self._schedule(spec),
                _QUEUE_TIMEOUT,
                content_hash([spec.redis.url, str(spec.redis.token)]),
                held_for=timedelta(seconds=spec.redis.release_after),
            )
            for id_, resource in self._document().resources.items()
            if id_.kind == "webhook" and (spec := resource.spec).redis is not None
        }

    def token_of(self, name: str) -> TargetSecrets:
        """Return the password of a Redis queue, which may be empty.

        Raises ControllerError if it cannot be read.
        """
        resource = self._document().resources.get(ResourceId("webhook", name))
        if resource is None or resource.spec.redis is None:
            msg = f"webhook/{name} declares no Redis queue"
            raise NotFoundError(msg)
        token = resource.spec.redis.token
        return TargetSecrets((b"" if token is None else self._secret(token).encode(),))

    def _target(
        self, spec: WebhookSpec, document: Document, rotation: SecretRotation | None
    ) -> WebhookTarget:
        permitted = _permitted(spec, document)
        return WebhookTarget(
            spec.address,
            self._schedule(spec),
            spec.timeout,
            _settings(spec, permitted, rotation),
            permitted=permitted,
            scheme=spec.signature,
            header_aliases=spec.header_aliases,
            body=spec.body,
            destination=destination_of(spec),
        )

    def _schedule(self, spec: WebhookSpec) -> RetrySchedule:
        return RetrySchedule.doubling(*self._base, spec.retry.tail, spec.retry.jitter)

    def secrets_of(self, name: str) -> TargetSecrets:
        """Return the secrets of a target; raises ControllerError."""
        resource = self._document().resources.get(ResourceId("webhook", name))
        if resource is None:
            msg = f"webhook/{name} is no longer declared"
            raise NotFoundError(msg)
        spec: WebhookSpec = resource.spec
        rotation = self._rotations().get(name)
        found: dict[bytes, None] = {}
        for signer in signing_secrets(spec.secrets, rotation, self._clock.now()):
            try:
                found[key_of(self._secret(signer.reference))] = None
            except NotFoundError:
                if signer.is_required:
                    raise
        secrets = TargetSecrets(tuple(found))
        return secrets if spec.auth is None else self._with_auth(secrets, spec.auth)

    def key_of_version(self, reference: SecretReference, version: str) -> bytes:
        """Return the key of one version of a secret; raises ControllerError."""
        return key_of(self._secret(versioned(reference, version)))

    def _with_auth(self, secrets: TargetSecrets, auth: AuthSpec) -> TargetSecrets:
        """Return ``secrets`` with those of the authentication; raises ControllerError."""
        if auth.bearer is not None:
            value = bearer(self._secret(auth.bearer))
            secrets = replace(secrets, authorization=value)
        if auth.basic is not None:
            value = basic(auth.basic.username, self._secret(auth.basic.password))
            secrets = replace(secrets, authorization=value)
        if auth.certificate is not None:
            certificate = ClientCertificate(
                Secret(self._secret(auth.certificate.chain)),
                Secret(self._secret(auth.certificate.key)),
            )
            check_certificate(certificate)
            secrets = replace(secrets, certificate=certificate)
        return secrets


class RecentRotations:
    """Rotations as the store recorded them at most a second ago.

    Args:
        records: Recorded rotations.
        clock: Clock.
    """

    def __init__(self, records: RotationRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._read_at: float | None = None
        self._found: Mapping[str, SecretRotation] = {}

    def all(self) -> Mapping[str, SecretRotation]:
        """Return the latest rotation by target; any thread may call this."""
        now = self._clock.monotonic()
        if self._read_at is None or now - self._read_at >= _REREAD_SECONDS:
            self._found = self._records.all()
            self._read_at = now
        return self._found


def delivery_sender(
    settings: Settings,
    stored: Store,
    clock: Clock,
    *,
    declared: Mapping[str, Sequence[str]] | None = None,
    metrics: Metrics | None = None,
) -> Sender:
    """Return a sender with the controller's resolver; create it in its event loop.

    The addresses of endpoints outlive DNS failures across restarts, since the leader
    stores them; those of other names, as long as the process.

    Args:
        settings: Settings of name resolution.
        stored: Store with the last good addresses and the pins.
        clock: Clock.
        declared: Fallback addresses by host.
        metrics: Counts lookups; None for none.
    """
    names = resolver_for(
        Consumer.WEBHOOKS,
        settings,
        clock,
        stored.fallbacks,
        shared=stored.pins,
        declared=declared,
        metrics=metrics,
    )
    keeper = Keeper(names.resolver).start()
    return Sender(
        clock,
        resolver=AddressResolver(names, closed=keeper.close),
        own_ports=settings.own_ports,
    )


def delivery_aws(
    document: Callable[[], Document],
    settings: Settings,
    environ: Mapping[str, str],
    clock: Clock,
) -> Aws:
    """Return a client for destinations in AWS, created when it is first used.

    It is not fenced by the lease, since every process delivers, and repeats no call.
    """
    return DeferredAws(
        lambda: aws_client(
            document(), settings, environ, clock, patience=RetryPolicy(attempts=1)
        )
    )


def destination_of(spec: WebhookSpec) -> AwsDestination | None:
    """Return the destination in AWS of a target; None for a URL."""
    if spec.eventbridge is not None:
        return EventBus(spec.eventbridge.bus, spec.eventbridge.source)
    return None if spec.sqs is None else SqsQueue(spec.sqs.queue)


def dispatcher_for(
    declared: DeclaredTargets,
    settings: Settings,
    stored: Store,
    sender: Sender,
    clock: Clock,
    on_attempt: AfterAttempt = lambda _delivery, _attempt: None,
    *,
    aws: Aws,
) -> Dispatcher:
    """Return a dispatcher for the webhooks of the declared targets.

    Args:
        declared: Targets and their keys.
        settings: Limits of the circuit breakers.
        stored: Store with the outbox.
        sender: HTTP client.
        clock: Clock.
        on_attempt: Called after each attempt.
        aws: Client for the destinations in AWS; see ``delivery_aws``.
    """
    signed = SignedRequests(sender, clock)
    return Dispatcher(
        Outbox(stored.database, breakers=_breakers(settings)),
        AwsMessages(AwsDestinations(aws, clock), signed),
        declared.targets,
        declared.secrets_of,
        clock=clock,
        worker=holder_id(),
        on_attempt=on_attempt,
    )


def subscriptions(document: Document) -> tuple[Subscription, ...]:
    """Return the subscriptions of the targets in ``document``."""
    return tuple(
        Subscription(
            id_.name,
            frozenset(resource.spec.events),
            resource.spec.where,
            resource.spec.body,
            resource.spec.payload,
        )
        for id_, resource in document.resources.items()
        if id_.kind == "webhook"
    )


def queue_dispatcher(
    declared: DeclaredTargets,
    settings: Settings,
    stored: Store,
    queue: RedisQueue,
    clock: Clock,
    on_attempt: AfterAttempt = lambda _delivery, _attempt: None,
) -> Dispatcher:
    """Return a dispatcher for the Redis queues of the declared targets.

    The arguments are those of ``dispatcher_for``, with a client for Redis.
    """
    return Dispatcher(
        Outbox(stored.database, "redis", _breakers(settings)),
        QueueMessages(queue),
        declared.queues,
        declared.token_of,
        clock=clock,
        worker=holder_id(),
        # One after another: consumers of a list expect the order of the announcements.
        limits=DispatchLimits(in_flight=1),
        on_attempt=on_attempt,
    )


def _breakers(settings: Settings) -> BreakerPolicy:
    return BreakerPolicy(
        settings.webhook_breaker_threshold,
        timedelta(seconds=settings.webhook_breaker_recovery),
    )


def _settings(
    spec: WebhookSpec, permitted: AddressPolicy, rotation: SecretRotation | None
) -> str:
    """Return the identity of what decides whether a receiver accepts an event.

    Defaults of later fields are left out: an upgrade changes no identity.
    """
    secrets = [str(reference) for reference in spec.secrets]
    networks = [[str(n) for n in permitted.networks]] if permitted.networks else []
    aliases = [["aliases", spec.header_aliases]] if spec.header_aliases else []
    ports = [["ports", *sorted(spec.allow_ports)]] if spec.allow_ports else []
    scheme = [spec.signature] if spec.signature != DEFAULT_SCHEME else []
    moves = [rotation.moves] if rotation is not None and rotation.moves else []
    auth = [] if spec.auth is None else [_auth_settings(spec.auth)]
    body = [{"body": spec.body}] if spec.body else []
    source = [] if spec.eventbridge is None else [{"source": spec.eventbridge.source}]
    place = [spec.address, spec.payload, secrets]
    parts = [*place, *networks, *scheme, *moves, *ports, *aliases]
    return content_hash([*parts, *auth, *body, *source])


def _auth_settings(auth: AuthSpec) -> dict[str, str]:
    user = {} if auth.basic is None else {"username": auth.basic.username}
    return user | {path: str(reference) for path, reference in auth.secrets.items()}


def _permitted(spec: WebhookSpec, document: Document) -> AddressPolicy:
    """Return the addresses that a target may have.

    The host of a declared endpoint is internal by declaration.
    """
    policy = declared_addresses(
        spec.allow_networks, document.platform.environment, spec.allow_ports
    )
    host = (urlsplit(spec.url).hostname or "").rstrip(".")
    endpoints = {
        resource.spec.host.rstrip(".").lower()
        for id_, resource in document.resources.items()
        if id_.kind == "endpoint"
    }
    if host not in endpoints:
        return policy
    return replace(policy, networks=(*policy.networks, *PRIVATE_NETWORKS))
