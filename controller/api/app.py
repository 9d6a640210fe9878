"""Put the routes together; what they need is handed in."""

from fastapi import FastAPI

from controller.api import errors
from controller.api.auth.answer_headers import AnswerHeaders
from controller.api.auth.authentication import Authentication
from controller.api.auth.requirements import CallerCheck
from controller.api.control import delivery_routes, dns_routes, key_routes
from controller.api.control import inspection_routes as outlook_routes
from controller.api.control import routes as control_routes
from controller.api.control.inspection import LogWindow
from controller.api.control.records import ControlRecords
from controller.api.health import routes as health_routes
from controller.api.health.checks import HealthSource
from controller.api.metrics import RequestMetrics
from controller.api.models import routes as models_routes
from controller.api.models.routes import ModelCatalogue
from controller.api.predict import open_inference_routes, platform_routes
from controller.api.predict import routes as predict_routes
from controller.api.predict.prediction import Predictor
from controller.api.proxy import routes as proxy_routes
from controller.api.proxy.proxy import MlflowProxy
from controller.core.access.stored_keys import KeyOperations
from controller.core.clock import Clock
from controller.core.webhooks.delivery_requests import DeliveryOperations
from controller.telemetry.metrics import Counter, Metrics


def create_app(
    health: HealthSource,
    models: ModelCatalogue,
    *,
    clock: Clock,
    version: str,
    metrics: Counter | None = None,
    records: ControlRecords | None = None,
    window: LogWindow | None = None,
    deliveries: DeliveryOperations | None = None,
    dns: dns_routes.DnsControl | None = None,
    keys: KeyOperations | None = None,
    access: CallerCheck | None = None,
    mlflow: MlflowProxy | None = None,
    public_models: bool = False,
    predictor: Predictor | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        health: Knows how the parts do.
        models: Knows the registered models.
        clock: Dates the answers.
        version: Of this program.
        metrics: Where requests are counted.
        records: What the controller wrote down; None to leave those routes out.
        window: What the controller sees just now; None to leave those routes out.
        deliveries: Webhook deliveries in the store; None to leave those routes out.
        dns: Name resolution and its pins; None to leave those routes out.
        keys: API keys in the store; None to leave those routes out.
        access: Check of the callers of these; None to refuse all.
        mlflow: Proxy of MLflow; None to leave its routes out.
        public_models: True if anybody may read the models, without their sources.
        predictor: Performs predictions; None to leave those routes out.
    """
    app = FastAPI(
        title="Hokusai",
        version=version,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    # Set while stopping, so that load balancers look elsewhere; see `server`.
    app.state.draining = False
    access = access or CallerCheck(Authentication(()))
    errors.install(app)
    app.include_router(
        health_routes.router(
            health, clock, version, ready=lambda: not app.state.draining
        )
    )
    if predictor is not None:
        app.include_router(predict_routes.router(predictor, clock, version))
        app.include_router(open_inference_routes.router(predictor, version))
        app.include_router(platform_routes.router())
    app.include_router(models_routes.router(models, access, is_public=public_models))
    if records is not None:
        app.include_router(control_routes.router(records, access))
    if deliveries is not None:
        app.include_router(delivery_routes.router(deliveries, access))
    if dns is not None:
        app.include_router(dns_routes.router(dns, access))
    if keys is not None:
        app.include_router(key_routes.router(keys, access))
    if window is not None:
        app.include_router(outlook_routes.router(window, clock, access))
    if mlflow is not None:
        app.include_router(proxy_routes.router(mlflow, access))
    app.add_middleware(AnswerHeaders)
    app.add_middleware(RequestMetrics, metrics=metrics or Metrics())
    return app
