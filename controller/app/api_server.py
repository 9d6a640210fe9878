"""The API service: what it looks at, and where it listens."""

import logging
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from urllib.parse import urlsplit

from controller.api.app import create_app
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
from controller.app.api_access import caller_check
from controller.app.served_records import RegistrationDeliveries, ServedRecords
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
from controller.core.audit.entry import AuditSource, Via
from controller.core.clock import Clock
from controller.core.dns.rollout import Consumer
from controller.core.errors import RefusedError
from controller.core.resources.fallbacks import Fallbacks
from controller.resolver import Keeper
from controller.serving.mlflow_loader import MlflowLoader
from controller.serving.served_models import ServedModels
from controller.settings import Settings
from controller.store.api_keys import StoredKeyOperations
from controller.store.database import Database
from controller.store.delivery_operations import StoredDeliveryOperations
from controller.store.dns_pins import StoredPinOperations, StoredPins
from controller.store.fallbacks import StoredFallbacks
from controller.store.lease import Leases
from controller.store.model_metadata import MetadataView
from controller.store.outage import StoreOutage
from controller.telemetry.logs import KnownSecrets, configure_logging
from controller.telemetry.metrics import (
    API_METRICS,
    PREDICTION_QUEUE_SECONDS,
    STORE_OUTAGES,
    Metrics,
)

log = logging.getLogger(__name__)


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
        known = KnownModels(mlflow.api, clock)
        served = ServedModels(
            MlflowLoader(uri, settings.trusted_models),
            clock,
            observe_batch=partial(metrics.measure, PREDICTION_QUEUE_SECONDS),
        )
        closing.callback(served.close)
        access, policy = caller_check(
            settings, database, outlook.access(clock), names, clock, closing
        )
        app = create_app(
            Checks(looks, clock),
            _catalogue(known, mlflow.api, clock, database),
            clock=clock,
            version=version("hokusai-controller"),
            metrics=metrics,
            records=ServedRecords(clock, database) if database else None,
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


def _catalogue(
    known: KnownModels, mlflow: MlflowApi, clock: Clock, database: Database | None
) -> ModelCatalogue:
    """Return what is known of models, with a store or without."""
    return ModelCatalogue(
        known,
        MetadataView(database) if database else None,
        RegistrationDeliveries(database) if database else None,
        InputSchemas(mlflow, clock),
    )


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
