"""The API service: what it looks at, and where it listens."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from urllib.parse import urlsplit

from controller.api.app import create_app
from controller.api.auth.authentication import (
    Authentication,
    BootstrapKey,
    CallerSource,
)
from controller.api.auth.replica_count import ReplicaCount
from controller.api.auth.request_limits import RequestLimits
from controller.api.auth.requirements import CallerCheck
from controller.api.auth.signing_keys import SigningKeys
from controller.api.auth.stored_keys import StoredKeySource
from controller.api.auth.tokens import TokenSource
from controller.api.auth.validated_keys import ValidatedKeySource
from controller.api.control.dns_routes import DnsControl
from controller.api.control.inspection import LogWindow
from controller.api.health.checks import Checks, Look
from controller.api.health.health_checks import dns_look, mlflow_look, store_look
from controller.api.metrics_port import MetricsPort
from controller.api.models.details import InputSchemas
from controller.api.models.listing import KnownModels
from controller.api.models.routes import ModelCatalogue
from controller.api.predict.prediction import Predictor
from controller.api.predict.resolution import ModelResolution
from controller.api.proxy.proxy import MlflowProxy
from controller.api.proxy.registration_turns import StoredRegistrationLock
from controller.api.proxy.upstream import MlflowUpstream
from controller.api.server import serve
from controller.api.single_flight import SingleFlight
from controller.app.attempts import last_tried
from controller.app.server_view import ServerView
from controller.app.shutdown import Shutdown
from controller.bootstrap.api_key import key_source
from controller.bootstrap.controller import NoFallbacks
from controller.bootstrap.holder import holder_id
from controller.bootstrap.mlflow import connect, credentials
from controller.bootstrap.names import declared_pins, mlflow_fallback, resolver_for
from controller.bootstrap.store_file import store_is_there
from controller.clients.auth_service import PATH, AuthServiceClient
from controller.clients.bounded import BoundedClient
from controller.clients.clock import SystemClock
from controller.clients.jwks import JwksClient
from controller.clients.mlflow.api import MlflowApi
from controller.core.access.policy import AccessPolicy
from controller.core.access.tokens import TokenPolicy
from controller.core.access.validated_key import AuthServicePolicy
from controller.core.audit.chain import AuditRecord, ChainReport, verified
from controller.core.audit.entry import AuditSource, Via
from controller.core.clock import Clock
from controller.core.dns.rollout import Consumer
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.resources.condition import Conditions
from controller.core.resources.fallbacks import Fallbacks
from controller.core.status.cause import LastAttempt
from controller.core.webhooks.delivery_requests import DeliverySelection
from controller.core.webhooks.event import MODEL_REGISTERED
from controller.core.webhooks.records import DeliveryReport
from controller.resolver import Keeper
from controller.resolver.names import Names
from controller.serving.mlflow_loader import MlflowLoader
from controller.serving.served_models import ServedModels
from controller.settings import Settings
from controller.store.api_keys import StoredKeyOperations, StoredKeys
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.deliveries import DeliveryLog
from controller.store.delivery_operations import StoredDeliveryOperations
from controller.store.dns_pins import StoredPinOperations, StoredPins
from controller.store.events import EventLog, RecordedEvent
from controller.store.fallbacks import StoredFallbacks
from controller.store.heartbeat import HEART, Heartbeat, Heartbeats
from controller.store.lease import Leases
from controller.store.model_metadata import MetadataView
from controller.store.outage import StoreOutage
from controller.store.replicas import INTERVAL, Replicas
from controller.store.status import StatusTable
from controller.store.triggers import Triggers
from controller.telemetry.logs import KnownSecrets, configure_logging
from controller.telemetry.metrics import (
    API_METRICS,
    PREDICTION_QUEUE_SECONDS,
    STORE_OUTAGES,
    Metrics,
)

log = logging.getLogger(__name__)

# Of one model; a page of a person has fewer.
_MOST_DELIVERIES = 1_000


def serve_api(
    settings: Settings,
    host: str | None,
    port: int | None,
    outlook: ServerView,
) -> None:
    """Serve the API until a signal says stop.

    Args:
        settings: What the environment says.
        host: Where to listen, before what the settings say.
        port: The same.
        outlook: What looks for those who may not; closed at the end.

    Raises:
        RefusedError: Neither the environment nor the document names MLflow.
        SpecError: The document is needed for it and is not valid.
    """
    uri = settings.mlflow_tracking_uri or outlook.mlflow_uri()
    if uri is None:
        msg = (
            "the API needs MLflow: set MLFLOW_TRACKING_URI, or declare an endpoint "
            "`mlflow` and pass the document with -f"
        )
        raise RefusedError(msg)
    configure_logging(None, KnownSecrets(), settings.log_level)
    clock, metrics = SystemClock(), Metrics(API_METRICS)
    name = urlsplit(uri).hostname or ""
    with ExitStack() as closing:
        looks: dict[str, Look] = {}
        database = _store(settings, clock, closing, metrics)
        fallbacks: Fallbacks = NoFallbacks()
        if database is not None:
            looks["store"] = store_look(database.check)
            fallbacks = StoredFallbacks(database)
        names = resolver_for(
            Consumer.API,
            settings,
            clock,
            fallbacks,
            shared=None if database is None else StoredPins(database),
            declared=mlflow_fallback(uri, settings),
            persist=True,
            metrics=metrics,
        )
        closing.callback(Keeper(names.resolver).start().close)
        mlflow = connect(uri, settings, names)
        closing.callback(mlflow.close)
        looks["mlflow"] = mlflow_look(mlflow.api)
        looks["dns"] = dns_look(names, lambda: (name,))
        closing.callback(outlook.close)
        flights = SingleFlight(clock)
        closing.callback(flights.close)
        declared = outlook.access(clock)
        if declared is not None:
            declared.start()
            closing.callback(declared.close)
        policy = declared.policy if declared else AccessPolicy()
        sources: list[CallerSource] = [declared.keys] if declared else []
        if declared is not None and policy.tokens is not None:
            signing = _signing_keys(policy.tokens, names, clock)
            grants_of = declared.access
            sources.append(TokenSource(policy.tokens, signing, grants_of, clock))
        if declared is not None and policy.auth_service is not None:
            validator = _auth_service(policy.auth_service, settings, names)
            grants_of = declared.access
            sources.append(
                ValidatedKeySource(policy.auth_service, validator, grants_of, clock)
            )
        known = KnownModels(mlflow.api, clock)
        served = ServedModels(
            MlflowLoader(uri, settings.trusted_models),
            clock,
            observe_batch=partial(metrics.measure, PREDICTION_QUEUE_SECONDS),
        )
        closing.callback(served.close)
        access = CallerCheck(
            _authentication(settings, database, clock, sources),
            _limits(settings, policy, database, closing),
            settings.api_proxies,
        )
        app = create_app(
            Checks(looks, clock),
            _catalogue(known, mlflow.api, clock, database),
            clock=clock,
            version=version("hokusai-controller"),
            metrics=metrics,
            records=StoredRecords(database, clock) if database else None,
            window=LogWindow(outlook, flights),
            deliveries=_deliveries(database) if database else None,
            dns=DnsControl(names, _pins(database, settings)) if database else None,
            keys=_keys(database, settings) if database else None,
            access=access,
            public_models="models" in policy.public,
            predictor=Predictor(
                served,
                ModelResolution(known, clock),
                access,
                metrics,
                process=holder_id(),
            ),
            mlflow=MlflowProxy(
                MlflowUpstream(
                    uri, credentials(settings).headers(), names, clock, mlflow.context
                ),
                id_prefix=sha256(holder_id().encode()).hexdigest()[:12],
                lock=_registration_lock(database) if database else None,
            ),
        )
        serve(
            app,
            host or settings.api_host,
            port or settings.api_port,
            stopping=Shutdown().begin,
            metrics=MetricsPort(
                settings.api_metrics_host, settings.api_metrics_port, metrics.text
            ),
        )


def _store(
    settings: Settings, clock: Clock, closing: ExitStack, metrics: Metrics
) -> Database | None:
    """Return the store, if there is one."""
    if not store_is_there(settings):
        log.warning(
            "there is no store yet, so statuses, events and reconcile are not served: "
            "start the controller, and then this service again"
        )
        return None
    outage = StoreOutage(clock, lambda: metrics.count(STORE_OUTAGES))
    database = Database(settings.store_url.reveal(), clock, outage=outage, reopens=True)
    closing.callback(database.close)
    return database


class _RegistrationDeliveries:
    """Deliveries of the registrations of a model."""

    def __init__(self, database: Database) -> None:
        self._log = DeliveryLog(database)

    def of_model(self, model: str) -> tuple[DeliveryReport, ...]:
        """Return the deliveries to webhook targets, newest first."""
        chosen = DeliverySelection(model=model, sink="webhook")
        found = self._log.selected(chosen, _MOST_DELIVERIES)
        return tuple(d for d in found if d.type == MODEL_REGISTERED)


def _catalogue(
    known: KnownModels, mlflow: MlflowApi, clock: Clock, database: Database | None
) -> ModelCatalogue:
    """Return what is known of models, with a store or without."""
    return ModelCatalogue(
        known,
        MetadataView(database) if database else None,
        _RegistrationDeliveries(database) if database else None,
        InputSchemas(mlflow, clock),
    )


def _authentication(
    settings: Settings,
    database: Database | None,
    clock: Clock,
    others: Sequence[CallerSource] = (),
) -> Authentication:
    """Return the sources of callers; ``others`` are asked last."""
    sources: list[CallerSource] = []
    if settings.api_key:
        sources.append(BootstrapKey(settings.api_key))
    if database is not None and settings.key_peppers:
        keys = StoredKeys(database)
        sources.append(StoredKeySource(keys, settings.key_peppers, clock))
    return Authentication([*sources, *others])


def _signing_keys(tokens: TokenPolicy, names: Names, clock: Clock) -> SigningKeys:
    """Return the public keys of the issuer of tokens."""
    return SigningKeys(JwksClient(BoundedClient(tokens.jwks, names)).fetch, clock)


def _auth_service(
    policy: AuthServicePolicy, settings: Settings, names: Names
) -> AuthServiceClient:
    """Return the authentication service.

    Raises:
        RefusedError: Neither the document nor the settings have its URL.
    """
    url = policy.url or settings.auth_service_url
    if not url:
        msg = (
            "access.auth_service needs a URL: set AUTH_SERVICE_URL, or declare "
            "access.auth_service.url"
        )
        raise RefusedError(msg)
    return AuthServiceClient(BoundedClient(url + PATH, names), policy.service_id)


def _limits(
    settings: Settings,
    policy: AccessPolicy,
    database: Database | None,
    closing: ExitStack,
) -> RequestLimits:
    """Return the limits of requests, shared by the processes of one store."""
    rates = {**(settings.api_rates or {}), **policy.limits}
    if database is None:
        return RequestLimits(rates)
    count = ReplicaCount(Replicas(database, holder_id()), INTERVAL).start()
    closing.callback(count.close)
    return RequestLimits(rates, count)


def _keys(database: Database, settings: Settings) -> StoredKeyOperations | None:
    """Return the keys in the store; None without a pepper for their fingerprints."""
    if not settings.key_peppers:
        return None
    return StoredKeyOperations(
        database,
        lambda by: AuditSource(by, Via.COMMAND.value),
        settings.key_peppers[0],
        key_source(settings.environment or "development"),
    )


def _registration_lock(database: Database) -> StoredRegistrationLock:
    """Return the locks of registrations that all replicas share."""
    return StoredRegistrationLock(Leases(database), holder_id())


def _deliveries(database: Database) -> StoredDeliveryOperations:
    """Return the deliveries; the document of a request is that of its client."""
    return StoredDeliveryOperations(
        database, lambda by: AuditSource(by, Via.COMMAND.value)
    )


def _pins(database: Database, settings: Settings) -> StoredPinOperations:
    """Return the pins in the store, and those of this server's settings."""
    return StoredPinOperations(
        database,
        lambda by: AuditSource(by, Via.COMMAND.value),
        lambda: declared_pins(settings),
    )


class StoredRecords:
    """Reads what the controller wrote down, and leaves wishes for it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded."""
        return StatusTable(self._database).all()

    def last_pass(self) -> Heartbeat | None:
        """Return when a controller last completed a pass, and which."""
        return Heartbeats(self._database).last(HEART)

    def events(self, limit: int, of: ResourceId | None) -> tuple[RecordedEvent, ...]:
        """Return the latest events, newest first."""
        return EventLog(self._database).recent(limit, of)

    def tried(self, id_: ResourceId) -> LastAttempt | None:
        """Return the last action on ``id_``, or None."""
        return last_tried(self._database, id_)

    def audit(self, limit: int, of: ResourceId | None) -> tuple[AuditRecord, ...]:
        """Return the latest rows of the audit log, newest first."""
        return AuditLog(self._database).recent(limit, of)

    def audit_report(self) -> ChainReport:
        """Return the result of a verification of the audit log."""
        return verified(AuditLog(self._database).records())

    def ask(self, reason: str) -> int:
        """Request a pass and return the number of the request."""
        return Triggers(self._database).ask(reason, self._clock.now())
