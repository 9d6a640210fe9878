"""Ping and diagnosis of one declared webhook target."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

from controller.app.session import Session
from controller.bootstrap.aws import DeferredAws, aws_client
from controller.bootstrap.controller import NoFallbacks
from controller.bootstrap.deliveries import DeclaredTargets, delivery_aws
from controller.bootstrap.names import declared_fallbacks, resolver_for
from controller.bootstrap.secret_ping import posted_ping
from controller.bootstrap.store_file import opened_database, store_is_there
from controller.clients.aws_destinations import AwsDestinations
from controller.clients.clock import SystemClock
from controller.clients.receiver_probe import connection_facts
from controller.clients.secrets import Secrets
from controller.core.dns.pins import SharedPins
from controller.core.dns.rollout import Consumer
from controller.core.document.reference import SecretReference
from controller.core.errors import ControllerError
from controller.core.resources.fallbacks import Fallbacks
from controller.core.values.redact import redact
from controller.core.webhooks.aws_destination import AwsDestination, EventMessage
from controller.core.webhooks.diagnosis import DestinationFindings, TargetFindings
from controller.core.webhooks.ping import (
    PING,
    PingResult,
    ping_body,
    ping_request,
)
from controller.core.webhooks.rotation import SecretRotation
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import WebhookTarget
from controller.resolver.consumer import ConsumerResolver

# A receiver that accepts a signature with it does not compare signatures.
_WRONG_KEY = b"hokusai: not the key of any receiver"


class WebhookChecks:
    """Checks of one target; nothing is announced, and no attempt is counted.

    Attributes:
        aws: AWS client.

    Args:
        context: Session of the command.
        name: Declared target.
    """

    def __init__(self, context: Session, name: str) -> None:
        self._context = context
        self._name = name
        self._clock = SystemClock()
        self.aws = DeferredAws(
            lambda: aws_client(
                context.document,
                context.settings,
                context.environ,
                self._clock,
                light=True,
            )
        )
        self._declared = DeclaredTargets(
            lambda: context.document,
            Secrets(context.environ, self.aws).value,
            context.settings,
            self._rotations,
        )

    def ping(self) -> PingResult:
        """Send a signed ping; record in the store that it was accepted.

        Raises:
            ControllerError: a secret cannot be read.
        """
        to = self._target().destination
        if to is None:
            with self._names() as names:
                secrets = self._declared.secrets_of(self._name)
                result = self._sent(secrets, names)
        else:
            result = self._sent_to_aws(to)
        if result.is_accepted and store_is_there(self._context.settings):
            self._record()
        return result

    def findings(self) -> TargetFindings | DestinationFindings:
        """Check DNS, TLS, redirects, latency, clock and signature.

        Sends a signed ping, and one with a wrong signature; to a destination in AWS, one
        ping.
        """
        target, secret_error = self._target(), ""
        if target.destination is not None:
            answered = self._sent_to_aws(target.destination)
            return DestinationFindings(target.url, target.timeout, answered)
        secrets: TargetSecrets | None = None
        try:
            secrets = self._declared.secrets_of(self._name)
        except ControllerError as error:
            secret_error = redact(str(error), ())
        with self._names() as names:
            connection = connection_facts(
                target.url,
                target.timeout,
                target.permitted.denial_reason,
                names.addresses,
                secrets.certificate if secrets else None,
            )
            ping = forged = None
            if secrets and connection.addresses:
                ping = self._sent(secrets, names)
            if secrets and ping is not None and ping.is_accepted:
                wrong = replace(secrets, keys=(_WRONG_KEY,))
                forged = self._sent(wrong, names).answer
        now = self._clock.now()
        rotation = self._rotations().get(self._name)
        return TargetFindings(
            target.url,
            target.timeout,
            connection,
            ping,
            forged,
            now,
            secret_error,
            rotation,
        )

    def canary(self, reference: SecretReference, version: str) -> PingResult:
        """Send a ping that only one version of a secret signs.

        Raises:
            ControllerError: the version cannot be read.
        """
        with self._names() as names:
            key = self._declared.key_of_version(reference, version)
            secrets = self._declared.secrets_of(self._name)
            return self._sent(replace(secrets, keys=(key,)), names)

    def _rotations(self) -> Mapping[str, SecretRotation]:
        """Return the recorded rotations; none without a store."""
        if not store_is_there(self._context.settings):
            return {}
        from controller.store.secret_rotations import StoredRotations

        with opened_database(self._context.settings, read_only=True) as database:
            return StoredRotations(database).all()

    def _target(self) -> WebhookTarget:
        return self._declared.targets()[self._name]

    @contextmanager
    def _names(self) -> Iterator[ConsumerResolver]:
        """Yield the resolver that deliveries use, with the addresses of the store."""
        context, clock = self._context, self._clock
        declared = declared_fallbacks(
            context.document, context.settings, context.environ
        )
        with ExitStack() as closing:
            fallbacks: Fallbacks = NoFallbacks()
            pins: SharedPins | None = None
            if store_is_there(context.settings):
                from controller.store.database import Database
                from controller.store.dns_pins import StoredPins
                from controller.store.fallbacks import StoredFallbacks

                url = context.settings.store_url.reveal()
                database = Database(url, clock, read_only=True)
                closing.callback(database.close)
                fallbacks, pins = StoredFallbacks(database), StoredPins(database)
            yield resolver_for(
                Consumer.WEBHOOKS,
                context.settings,
                clock,
                fallbacks,
                shared=pins,
                declared=declared,
            )

    def _sent(self, secrets: TargetSecrets, names: ConsumerResolver) -> PingResult:
        target = self._target()
        now = self._clock.now()
        request = ping_request(
            self._name, secrets.keys, now, target.scheme, target.header_aliases
        )
        began = self._clock.monotonic()
        settings = self._context.settings
        answer = posted_ping(target, request, secrets, names, settings, self._clock)
        took = timedelta(seconds=self._clock.monotonic() - began)
        return PingResult(self._name, target.url, request.id, answer, took)

    def _sent_to_aws(self, to: AwsDestination) -> PingResult:
        target, now = self._target(), self._clock.now()
        id_, body = ping_body(self._name, now)
        client = AwsDestinations(
            delivery_aws(
                lambda: self._context.document,
                self._context.settings,
                self._context.environ,
                self._clock,
            ),
            self._clock,
        )
        began = self._clock.monotonic()
        answer = client.send(to, EventMessage(id_, PING, self._name, body))
        took = timedelta(seconds=self._clock.monotonic() - began)
        return PingResult(self._name, target.url, id_, answer, took)

    def _record(self) -> None:
        from controller.store.target_records import record_verification

        with (
            opened_database(self._context.settings, read_only=False) as database,
            database.writing() as connection,
        ):
            now = database.now(connection)
            record_verification(connection, self._name, now)
