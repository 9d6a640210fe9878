"""Routes of the registered models."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, Field

from controller.api.auth.requirements import CallerCheck, permits
from controller.api.models.details import (
    DeliverySource,
    InputDescription,
    InputSchemas,
    MetadataSource,
    VersionDetails,
    version_details,
)
from controller.api.models.listing import Models, ModelSource, ModelSummary
from controller.api.models.selection import ModelFilter, Referred, page, referred
from controller.core.errors import DriverError
from controller.core.values.identity import content_hash

READ, SOURCES = "models:read", "models:sources"
_LONGEST = 256
_NOT_MODIFIED = 304
Text = Annotated[str, Field(max_length=_LONGEST)]
Reference = Annotated[
    str,
    Path(
        max_length=_LONGEST,
        description="Id, former id or name, with @ALIAS or :VERSION after it for a "
        "version other than the newest.",
        examples=["sales-lead-scoring@production"],
    ),
]


class Order(StrEnum):
    """Order of a list of models; a minus reverses it."""

    NAME = "name"
    NAME_REVERSED = "-name"
    NEWEST_VERSION = "newest_version"
    NEWEST_VERSION_REVERSED = "-newest_version"


class ListQuery(BaseModel):
    """Parameters of a list of models."""

    name: Text = Field(default="", description="Name in MLflow.")
    id: Text = Field(default="", description="Id, or a former id.")
    token_symbol: Text = Field(default="", description="Symbol of the token.")
    alias: Text = Field(default="", description="Alias that the model has.")
    q: Text = Field(
        default="", description="Text in the name, the id or the description."
    )
    sort: Order = Field(default=Order.NAME, description="Order.")
    limit: int = Field(default=100, ge=1, le=1_000, description="Models on a page.")
    cursor: str = Field(
        default="", max_length=2_000, description="`next` of the page before."
    )

    def filter(self) -> ModelFilter:
        """Return the filter."""
        return ModelFilter(self.name, self.id, self.token_symbol, self.alias, self.q)


@dataclass(frozen=True, slots=True)
class ModelList:
    """One page of the registered models.

    Attributes:
        models: Models, in the requested order.
        next: Cursor of the next page; null on the last one.
        age_seconds: Time since MLflow answered.
        stale: True if MLflow did not answer this time.
        problem: Reason why it did not.
    """

    models: tuple[ModelSummary, ...]
    next: str | None
    age_seconds: float
    stale: bool
    problem: str


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """One registered model.

    Attributes:
        model: As in the list.
        version: Number of the version that the reference names; null without one.
        versions: Details of all versions, the newest first.
        input: Input of that version; null without a version.
        age_seconds: Time since MLflow answered.
        stale: True if MLflow did not answer this time.
        problem: Reason why it did not, or why the store did not.
    """

    model: ModelSummary
    version: int | None
    versions: tuple[VersionDetails, ...]
    input: InputDescription | None
    age_seconds: float
    stale: bool
    problem: str


@dataclass(frozen=True, slots=True)
class ModelCatalogue:
    """Sources of the data about models.

    Attributes:
        models: Registered models.
        metadata: Metadata of versions; None without a store.
        deliveries: Deliveries of registrations; None without a store.
        schemas: Inputs of versions; None to leave them out.
    """

    models: ModelSource
    metadata: MetadataSource | None = None
    deliveries: DeliverySource | None = None
    schemas: InputSchemas | None = None


def router(
    catalogue: ModelCatalogue, access: CallerCheck, *, is_public: bool
) -> APIRouter:
    """Return the routes.

    Args:
        catalogue: Sources of the data.
        access: Check of the callers.
        is_public: True if anybody may read the models, without their sources.
    """
    routes = APIRouter(prefix="/api/v1/models", tags=["models"])
    guarded = access.requires_unless(is_public=is_public, scope=READ)

    @routes.get("", **guarded)
    async def models(
        request: Request, response: Response, query: Annotated[ListQuery, Query()]
    ) -> ModelList:
        """Return the registered models with their versions.

        While MLflow does not answer, its last answer, marked ``stale``; 503 if there is
        none. The header ETag changes with the models.
        """
        known = await catalogue.models.models()
        chosen = query.filter().of(known.models)
        try:
            found = page(chosen, query.sort, query.limit, query.cursor)
        except ValueError as error:
            raise HTTPException(422, f"`cursor` {error}") from None
        shown = tuple(_shown(request, model) for model in found.models)
        answer = ModelList(
            shown, found.next or None, known.age_seconds, known.stale, known.problem
        )
        tagged(request, response, known, [asdict(m) for m in shown])
        return answer

    @routes.get("/{reference:path}/schema", **guarded)
    async def schema(reference: Reference) -> Mapping[str, Any]:
        """Return the JSON Schema of one row of input; 503 while it is not known."""
        named = await _named(catalogue, reference)
        described = await _input(catalogue, named)
        if described is None or described.json_schema is None:
            reason = described.problem if described else "the model has no version"
            raise HTTPException(503, f"The input is not known: {reason}")
        return described.json_schema

    @routes.get("/{reference:path}", **guarded)
    async def model(
        request: Request, response: Response, reference: Reference
    ) -> ModelDetails:
        """Return one model: its versions, aliases, metrics, lineage and deliveries."""
        known = await catalogue.models.models()
        named = _found(known, reference)
        recorded, problem = await _recorded(catalogue, named.model.name)
        versions = version_details(_shown(request, named.model), *recorded)
        answer = ModelDetails(
            _shown(request, named.model),
            named.version.number if named.version else None,
            versions,
            await _input(catalogue, named),
            known.age_seconds,
            known.stale,
            " ".join(filter(None, (known.problem, problem))),
        )
        content = asdict(answer) | {"age_seconds": 0, "stale": False, "problem": ""}
        tagged(request, response, known, content)
        return answer

    return routes


def tagged(request: Request, response: Response, known: Models, content: Any) -> None:
    """Set ETag and Age (RFC 9110, RFC 9111), and answer a known ETag with 304.

    Raises:
        HTTPException: 304, if the caller has this content.
    """
    etag = f'"{content_hash(content)}"'
    headers = {
        "etag": etag,
        "age": str(int(known.age_seconds)),
        "cache-control": "private, no-cache",
        "vary": "Authorization, X-API-Key",
    }
    given = request.headers.get("if-none-match", "")
    if etag in {one.strip().removeprefix("W/") for one in given.split(",")}:
        raise HTTPException(_NOT_MODIFIED, headers=headers)
    response.headers.update(headers)


def _shown(request: Request, model: ModelSummary) -> ModelSummary:
    """Return the model as its caller may see it."""
    if permits(request, SOURCES):
        return model
    hidden = tuple(replace(version, source=None) for version in model.versions)
    return replace(model, versions=hidden)


def _found(known: Models, reference: str) -> Referred:
    named = referred(known.models, reference)
    if named is None:
        raise HTTPException(404, "There is no such model.")
    if named.is_exact and named.version is None:
        raise HTTPException(404, f"{named.model.name} has no such version or alias.")
    return named


async def _named(catalogue: ModelCatalogue, reference: str) -> Referred:
    return _found(await catalogue.models.models(), reference)


async def _input(catalogue: ModelCatalogue, named: Referred) -> InputDescription | None:
    if named.version is None or catalogue.schemas is None:
        return None
    return await catalogue.schemas.of(named.model.name, named.version)


async def _recorded(
    catalogue: ModelCatalogue, model: str
) -> tuple[tuple[Any, Any], str]:
    """Return the metadata and deliveries of a model, and why they are not complete."""
    problems = set()

    async def read(of_model: Callable[[str], tuple[Any, ...]]) -> tuple[Any, ...]:
        try:
            return await asyncio.to_thread(of_model, model)
        except DriverError as error:
            problems.add(str(error))
            return ()

    reads: list[Awaitable[tuple[Any, ...]]] = [
        read(source.of_model) if source else _nothing()
        for source in (catalogue.metadata, catalogue.deliveries)
    ]
    metadata, deliveries = await asyncio.gather(*reads)
    return (metadata, deliveries), " ".join(sorted(problems))


async def _nothing() -> tuple[Any, ...]:
    return ()
