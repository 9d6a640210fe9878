"""One driver for each kind there is, on the clients of one controller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from controller.clients.fence import FencedAws, FencedRest
from controller.core.dependencies import Dependencies
from controller.core.errors import PermanentError
from controller.engine.unavailable import InspectingUnavailableDriver, UnavailableDriver

if TYPE_CHECKING:
    from controller.bootstrap.mlflow import MlflowClients
    from controller.bootstrap.store import Store
    from controller.core.clock import Clock
    from controller.core.dependencies import Aws
    from controller.core.document.reference import SecretReference
    from controller.core.resources.driver import Driver
    from controller.core.resources.fallbacks import Fallbacks
    from controller.core.webhooks.rotation import SecretPing
    from controller.resolver.consumer import ConsumerResolver
    from controller.spec.document import Document
    from controller.telemetry.metrics import Metrics


def no_secret(reference: SecretReference) -> str:
    """Raise PermanentError: secrets may not be read here."""
    msg = f"{reference} cannot be read here"
    raise PermanentError(msg)


@dataclass(frozen=True)
class Clients:
    """Clients of the drivers of one controller.

    Attributes:
        aws: AWS.
        mlflow: MLflow; None if the document names none.
        resolver: Names to addresses.
        fallbacks: Last good addresses; None to leave them out.
        stored: The parts on a store; None without one.
        clock: The time.
        secret: Returns what a reference names.
        ping: Sends pings that one version of a signing secret signs; None without a
            store.
    """

    aws: Aws
    mlflow: MlflowClients | None
    resolver: ConsumerResolver
    fallbacks: Fallbacks | None
    stored: Store | None
    clock: Clock
    secret: Callable[[SecretReference], str] = no_secret
    ping: SecretPing | None = None


@dataclass(frozen=True)
class Options:
    """Options of a command in addition to the document.

    Attributes:
        announced: Called when there is something new to deliver.
        largest_backlog: How many announcements at once are let through.
        without_store: Whether to leave out what only a store knows.
        permitted: Whether the command may still act; asked before each write.
        thorough: Whether to look beyond what a plan needs.
        actor: User of the command, for the audit log; empty for a pass.
        resident: True for a process that runs for long: it keeps the names in use fresh.
        metrics: Counts lookups of names; None for none.
    """

    announced: Callable[[], None] = lambda: None
    largest_backlog: int = 20
    without_store: bool = False
    permitted: Callable[[], bool] = lambda: True
    thorough: bool = True
    actor: str = ""
    resident: bool = False
    metrics: Metrics | None = None


def drivers(
    kinds: Iterable[str],
    document: Callable[[], Document],
    clients: Clients,
    wishes: Options,
) -> Mapping[str, Driver]:
    """Return the driver of each kind; one whose backend is missing knows nothing.

    Args:
        kinds: The names of the kinds, which are those of their folders.
        document: Returns what is declared now.
        clients: What they reach the outside with.
        wishes: What the command asks for.
    """
    outside = _dependencies(document, clients, wishes)
    return {kind: _driver(kind, outside) for kind in kinds}


def _driver(kind: str, dependencies: Dependencies) -> Driver:
    module = import_module(f"controller.kinds.{kind}.driver")
    try:
        driver: Driver = module.connect(dependencies)
    except PermanentError as error:
        checks = getattr(module, "connect_preflight", None)
        if checks is None:
            return UnavailableDriver(str(error))
        return InspectingUnavailableDriver(str(error), checks(dependencies))
    return driver


def _dependencies(
    document: Callable[[], Document], clients: Clients, wishes: Options
) -> Dependencies:
    """Return the clients behind a fence: what is no longer permitted is not sent."""
    mlflow, stored = clients.mlflow, clients.stored
    api = None
    if mlflow is not None:
        api = mlflow.api.wrapped(lambda rest: FencedRest(rest, wishes.permitted))
    return Dependencies(
        owner=document().platform.owner,
        platform=document().platform,
        declared=lambda: document().resources,
        aws=FencedAws(clients.aws, wishes.permitted),
        mlflow=api,
        reader=mlflow.reader if mlflow else None,
        resolver=clients.resolver,
        fallbacks=clients.fallbacks,
        ledger=stored.ledger if stored else None,
        approvals=stored.approvals if stored else None,
        deliveries=stored.deliveries if stored else None,
        clock=clients.clock,
        announced=wishes.announced,
        largest_backlog=wishes.largest_backlog,
        secret=clients.secret,
        mlflow_webhooks=api,
        mlflow_context=mlflow.context if mlflow else None,
        thorough=wishes.thorough,
        rotations=stored.rotations if stored else None,
        ping=clients.ping,
        metadata=stored.metadata if stored and wishes.thorough else None,
    )
