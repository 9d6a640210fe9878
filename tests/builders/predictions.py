"""The API with models in memory, and callers of them."""

import asyncio
import json

import httpx

from controller.api.app import create_app
from controller.api.models.listing import KnownModels
from controller.api.models.routes import ModelCatalogue
from controller.api.predict.prediction import Predictor
from controller.api.predict.resolution import ModelResolution
from controller.core.access.caller import Caller
from controller.core.access.scopes import grants
from controller.core.models.registration import ModelVersion
from controller.core.models.registry import RegisteredModel
from controller.serving.served_models import ServedModels
from controller.telemetry.metrics import API_METRICS, Metrics
from tests.builders.api import Nothing, access_with
from tests.builders.served_models import Loader
from tests.fakes.stopped_clock import NOON, StoppedClock

SCOPES = {
    "leads": ["predict:model/leads"],
    "all": ["predict:model/*", "models:read"],
    "reader": ["models:read"],
}


class Callers:
    """Callers by the name of their key."""

    async def caller(self, credential):
        name = credential.reveal()
        if name not in SCOPES:
            return None
        return Caller(f"{name}@example.com", f"id-{name}", grants(SCOPES[name]))


class Registry:
    """Models ``leads``, with three versions, and ``empty``."""

    def __init__(self):
        self.aliases = {"production": 2}

    def models(self):
        tags = {"hokusai.ai/model-id": "21"}
        return (
            RegisteredModel("empty"),
            RegisteredModel("leads", "", tags, self.aliases),
        )

    def versions(self):
        created = int(NOON.timestamp() * 1000)
        return tuple(
            ModelVersion("leads", n, f"s3://{n}", created_ms=created) for n in (1, 2, 3)
        )


class PredictionService:
    """The application with models in memory, for the work of one event loop."""

    def __init__(self, loader=None, *, seconds=20, **options):
        self.clock, self.registry = StoppedClock(), Registry()
        self.loader = loader or Loader()
        self.metrics = Metrics(API_METRICS)
        self.seconds, self.options = seconds, options

    def run(self, work):
        """Return the result of ``work(http)``, with models that live as long."""

        async def running():
            served = ServedModels(
                self.loader, self.clock, settle=lambda: None, **self.options
            )
            known = KnownModels(self.registry, self.clock)
            access = access_with(others=[Callers()])
            predictor = Predictor(
                served,
                ModelResolution(known, self.clock),
                access,
                self.metrics,
                process="host:1:2",
                seconds=self.seconds,
            )
            app = create_app(
                Nothing(),
                ModelCatalogue(known),
                clock=self.clock,
                version="1",
                access=access,
                metrics=self.metrics,
                predictor=predictor,
            )
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            try:
                async with httpx.AsyncClient(
                    transport=transport, base_url="http://api"
                ) as http:
                    return await work(http)
            finally:
                served.close()

        return asyncio.run(running())

    def post(self, path, body, by="leads", **headers):
        """Return the answer to one request."""
        return self.run(lambda http: post(http, path, body, by, **headers))

    def get(self, path, by="leads"):
        """Return the answer to one request."""
        return self.run(lambda http: http.get(path, headers=_key(by)))

    def counted(self, outcome):
        """Return the number of requests with an outcome."""
        name = f'predictions_total{{outcome="{outcome}"}}'
        lines = self.metrics.text().decode().splitlines()
        return next(float(x.split()[1]) for x in lines if x.startswith(name))


async def post(http, path, body, by="leads", **headers):
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    sent = {"content-type": "application/json", **headers}
    return await http.post(
        path, content=content, headers={k: v for k, v in sent.items() if v} | _key(by)
    )


def _key(by):
    return {"authorization": f"Bearer {by}"} if by else {}
