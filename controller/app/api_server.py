"""The API service: what it looks at, and where it listens."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from hashlib import sha256
from importlib.metadata import version
from urllib.parse import urlsplit

from controller.api.app import create_app
from controller.api.auth.authentication import (
    Authentication,
    BootstrapKey,
    CallerSource,
)
from controller.api.auth.requirements import CallerCheck
from controller.api.auth.stored_keys import StoredKeySource
from controller.api.control.dns_routes import DnsControl
from controller.api.control.inspection import LogWindow
from controller.api.health.checks import Checks, Look
from controller.api.health.health_checks import dns_look, mlflow_look, store_look
from controller.api.models.details import InputSchemas
from controller.api.models.listing import KnownModels
from controller.api.models.routes import ModelCatalogue
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
from controller.clients.clock import SystemClock
from controller.clients.mlflow.api import MlflowApi
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
from controller.store.status import StatusTable
from controller.store.triggers import Triggers
from controller.telemetry.logs import KnownSecrets, configure_logging

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
    clock = SystemClock()
    name = urlsplit(uri).hostname or ""
    with ExitStack() as closing:
        looks: dict[str, Look] = {}
        database = _store(settings, clock, closing)
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
        )
        closing.callback(Keeper(names.resolver).start().close)
        mlflow = connect(uri, settings, names)
        closing.callback(mlflow.close)
        looks["mlflow"] = mlflow_look(mlflow.api)
        looks["dns"] = dns_look(names, lambda: (name,))
        closing.callback(outlook.close)
        flights = SingleFlight(clock)
        closing.callback(flights.close)
        app = create_app(
            Checks(looks, clock),
            _catalogue(mlflow.api, clock, database),
            clock=clock,
            version=version("hokusai-controller"),
            records=StoredRecords(database, clock) if database else None,
            window=LogWindow(outlook, flights),
            deliveries=_deliveries(database) if database else None,
            dns=DnsControl(names, _pins(database, settings)) if database else None,
            keys=_keys(database, settings) if database else None,
            access=CallerCheck(_authentication(settings, database, clock)),
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
        )


def _store(settings: Settings, clock: Clock, closing: ExitStack) -> Database | None:
    """Return the store, if there is one."""
    if not store_is_there(settings):
        log.warning(
            "there is no store yet, so statuses, events and reconcile are not served: "
            "start the controller, and then this service again"
        )
        return None
    database = Database(
        settings.store_url.reveal(), clock, outage=StoreOutage(clock), reopens=True
    )
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
    mlflow: MlflowApi, clock: Clock, database: Database | None
) -> ModelCatalogue:
    """Return what is known of models, with a store or without."""
    return ModelCatalogue(
        KnownModels(mlflow, clock),
        MetadataView(database) if database else None,
        _RegistrationDeliveries(database) if database else None,
        InputSchemas(mlflow, clock),
    )


def _authentication(
    settings: Settings, database: Database | None, clock: Clock
) -> Authentication:
    """Return the sources of callers."""
    sources: list[CallerSource] = []
    if settings.api_key:
        sources.append(BootstrapKey(settings.api_key))
    if database is not None and settings.key_peppers:
        keys = StoredKeys(database)
        sources.append(StoredKeySource(keys, settings.key_peppers, clock))
    return Authentication(sources)


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
