"""Routes of the models: filters, order, pages, references, ETag and sources."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest

from controller.api.app import create_app
from controller.api.models.details import InputSchemas
from controller.api.models.listing import KnownModels
from controller.api.models.routes import ModelCatalogue
from controller.core.access.caller import Caller
from controller.core.access.scopes import grants
from controller.core.errors import TransientError
from controller.core.models.metadata import ModelMetadata
from controller.core.models.registration import ModelVersion
from controller.core.models.registry import RegisteredModel
from controller.core.models.signature import UnreadableSignature, signature_of
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.records import DeliveryReport
from tests.builders.api import Nothing, access_with
from tests.fakes.stopped_clock import NOON, StoppedClock

CREATED = int(NOON.timestamp() * 1000)
SIGNATURE = signature_of('[{"name": "amount", "type": "double", "required": true}]')


class Callers:
    """Two callers: one may read models, the other their sources too."""

    async def caller(self, credential):
        name = credential.reveal()
        scopes = {"reader": ["models:read"], "owner": ["models:sources"], "other": []}
        return Caller(name, name, grants(scopes[name])) if name in scopes else None


@dataclass
class Registry:
    """MLflow and the store, with models a, b and c; the third without versions."""

    is_away: bool = False
    signature_of: object = SIGNATURE
    store_is_away: bool = False
    reads: list[tuple[str, int]] = field(default_factory=list)
    models_there: tuple[RegisteredModel, ...] = (
        RegisteredModel("a", "First.", {"hokusai_token_id": "AAA"}, {"production": 1}),
        RegisteredModel("b", "Second.", {"hokusai.ai/model-id": "27"}, {}),
        RegisteredModel("c", "Third."),
    )

    def models(self):
        if self.is_away:
            msg = "mlflow is away"
            raise TransientError(msg)
        return self.models_there

    def versions(self):
        return (
            ModelVersion("a", 1, "s3://a/1", created_ms=CREATED),
            ModelVersion("a", 2, "s3://a/2", created_ms=CREATED + 2_000),
            ModelVersion("b", 1, "s3://b/1", created_ms=CREATED + 1_000),
        )

    def signature(self, version):
        self.reads.append((version.model, version.number))
        if isinstance(self.signature_of, Exception):
            raise self.signature_of
        return self.signature_of


class Metadata:
    def __init__(self, registry):
        self.registry = registry

    def of_model(self, model):
        if self.registry.store_is_away:
            msg = "the store is away"
            raise TransientError(msg)
        recorded = ModelMetadata(
            "a",
            2,
            CREATED + 2_000,
            metrics={"accuracy": 0.9},
            baseline_metrics={"accuracy": 0.8},
            run_id="run",
            dataset={"id": "d1"},
            code_version="4f2a",
            parent_version="a/1",
        )
        return (recorded,) if model == "a" else ()


class Deliveries:
    def of_model(self, model):
        if model != "a":
            return ()
        return (
            DeliveryReport(
                id=1,
                event_id="e",
                model="a",
                number=2,
                target="site",
                state=DeliveryState.DELIVERED,
                attempts=2,
                next_at=NOON,
                reason="",
                recorded=NOON,
                ended=NOON,
                type="model.registered",
                cause="",
                claimed_until=None,
            ),
        )


class Service:
    """The application, asked by one of the callers."""

    def __init__(self, *, is_public=False):
        self.clock, self.registry = StoppedClock(), Registry()
        catalogue = ModelCatalogue(
            KnownModels(self.registry, self.clock),
            Metadata(self.registry),
            Deliveries(),
            InputSchemas(self.registry, self.clock),
        )
        self.app = create_app(
            Nothing(),
            catalogue,
            clock=self.clock,
            version="1",
            access=access_with(others=[Callers()]),
            public_models=is_public,
        )

    def get(self, path, by="reader", **headers):
        named = {"authorization": f"Bearer {by}"} if by else {}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}

        async def asking():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://api/api/v1"
            ) as http:
                return await http.get(path, headers=named)

        return asyncio.run(asking())

    def names(self, query):
        return [
            model["name"] for model in self.get(f"/models?{query}").json()["models"]
        ]


@pytest.fixture
def service():
    return Service()


@pytest.mark.parametrize(
    ("by", "status"), [("", 401), ("unknown", 401), ("other", 403), ("reader", 200)]
)
@pytest.mark.parametrize("path", ["/models", "/models/a", "/models/a/schema"])
def test_models_are_read_with_the_scope(service, path, by, status):
    assert service.get(path, by).status_code == status


@pytest.mark.parametrize("path", ["/models", "/models/a", "/models/a/schema"])
def test_models_that_are_public_are_read_by_anybody(path):
    assert Service(is_public=True).get(path, by="").status_code == 200
    assert Service(is_public=True).get(path, by="unknown").status_code == 401


def test_sources_are_shown_with_their_scope_only(service):
    for path in ("/models", "/models/a"):
        assert "s3://" not in service.get(path).text
        assert "s3://a/1" in service.get(path, "owner").text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["a", "b", "c"]),
        ("sort=-name", ["c", "b", "a"]),
        ("sort=newest_version", ["c", "b", "a"]),
        ("sort=-newest_version", ["a", "b", "c"]),
        ("name=b", ["b"]),
        ("id=27", ["b"]),
        ("id=b", []),
        ("token_symbol=aaa", ["a"]),
        ("alias=production", ["a"]),
        ("alias=other", []),
        ("q=second", ["b"]),
        ("q=27", ["b"]),
    ],
)
def test_models_are_filtered_and_ordered(service, query, names):
    assert service.names(query) == names


@pytest.mark.parametrize("sort", ["name", "-name", "newest_version", "-newest_version"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_together_are_the_whole_list(service, sort, limit):
    found, cursor = [], ""
    while True:
        query = f"sort={sort}&limit={limit}&cursor={cursor}"
        answer = service.get(f"/models?{query}").json()
        found += [model["name"] for model in answer["models"]]
        cursor = answer["next"]
        if cursor is None:
            break

    assert found == service.names(f"sort={sort}")


def test_a_model_that_comes_between_two_pages_hides_none(service):
    first = service.get("/models?limit=2").json()
    service.registry.models_there = (
        RegisteredModel("0"),
        *service.registry.models_there,
    )
    service.clock.forward(5)

    second = service.get(f"/models?limit=2&cursor={first['next']}").json()

    assert [model["name"] for model in second["models"]] == ["c"]


@pytest.mark.parametrize("cursor", ["x", "%00", "bnVsbA", "WyJuYW1lIiwxLDJd"])
def test_a_wrong_cursor_is_refused(service, cursor):
    answer = service.get(f"/models?cursor={cursor}")

    assert answer.status_code == 422
    assert "`cursor` is not the cursor" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("reference", "name", "version"),
    [
        ("a", "a", 2),
        ("a@production", "a", 1),
        ("a:1", "a", 1),
        ("27", "b", 1),
        ("27:1", "b", 1),
        ("b", "b", 1),
        ("c", "c", None),
    ],
)
def test_a_model_is_found_by_id_name_alias_and_version(
    service, reference, name, version
):
    answer = service.get(f"/models/{reference}").json()

    assert (answer["model"]["name"], answer["version"]) == (name, version)


@pytest.mark.parametrize("reference", ["d", "a:3", "a@other", "a@", "a:one", "@", ":"])
def test_a_reference_to_nothing_is_404(service, reference):
    assert service.get(f"/models/{reference}").status_code == 404


def test_details_have_metrics_lineage_deliveries_and_input(service):
    answer = service.get("/models/a").json()

    newest, oldest = answer["versions"]
    assert newest["metrics"] == {"accuracy": 0.9}
    assert newest["baseline_metrics"] == {"accuracy": 0.8}
    assert newest["lineage"]["run_id"] == "run"
    assert newest["lineage"]["parent_version"] == "a/1"
    (delivery,) = newest["deliveries"]
    assert (delivery["target"], delivery["state"]) == ("site", "delivered")
    assert (oldest["lineage"], oldest["deliveries"]) == (None, [])
    assert answer["input"]["json_schema"]["required"] == ["amount"]


def test_the_input_of_a_version_is_read_once(service):
    for _ in range(3):
        service.get("/models/a")
        service.clock.forward(60)

    assert service.registry.reads == [("a", 2)]


def test_an_input_that_is_not_known_is_explained(service):
    service.registry.signature_of = UnreadableSignature("it was logged without one")

    details, schema = service.get("/models/a"), service.get("/models/a/schema")

    assert details.json()["input"]["problem"] == "it was logged without one"
    assert schema.status_code == 503
    assert "it was logged without one" in schema.json()["detail"]


def test_an_input_that_could_not_be_read_is_read_again(service):
    service.registry.signature_of = TransientError("mlflow is away")
    first = service.get("/models/a/schema")
    service.registry.signature_of = SIGNATURE
    service.clock.forward(timedelta(minutes=1).total_seconds())

    second = service.get("/models/a/schema")

    assert (first.status_code, second.status_code) == (503, 200)


def test_an_etag_is_answered_with_304_until_the_models_change(service):
    first = service.get("/models")
    service.clock.forward(1)
    same = service.get("/models", if_none_match=first.headers["etag"])
    service.registry.models_there = service.registry.models_there[:2]
    service.clock.forward(5)
    changed = service.get("/models", if_none_match=first.headers["etag"])

    assert (first.headers["age"], same.headers["age"]) == ("0", "1")
    assert (same.status_code, same.content) == (304, b"")
    assert (changed.status_code, len(changed.json()["models"])) == (200, 2)


def test_callers_with_other_scopes_have_other_etags(service):
    etags = {service.get("/models", by).headers["etag"] for by in ("reader", "owner")}

    assert len(etags) == 2


def test_what_is_known_is_answered_while_mlflow_and_the_store_are_away(service):
    service.get("/models")
    service.registry.is_away = service.registry.store_is_away = True
    service.clock.forward(90)

    answer = service.get("/models/a").json()

    assert (answer["stale"], answer["age_seconds"]) == (True, 90)
    assert answer["problem"] == "mlflow is away the store is away"
    assert answer["model"]["name"] == "a"
