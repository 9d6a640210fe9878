"""One driver for each kind, on the clients of one controller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.clients.fence import FencedAws, FencedRest
from controller.clients.probe import Probe
from controller.core.driver import Driver
from controller.core.fallbacks import Fallbacks
from controller.engine.unavailable import Unavailable
from controller.kinds.endpoint.driver import EndpointDriver
from controller.kinds.experiment.driver import ExperimentDriver
from controller.kinds.model.driver import ModelDriver
from controller.kinds.service.driver import ServiceDriver

if TYPE_CHECKING:
    from controller.bootstrap.mlflow import Mlflow
    from controller.bootstrap.stored import Stored
    from controller.clients.aws import Aws
    from controller.clients.mlflow import MlflowApi, MlflowReader
    from controller.core.clock import Clock
    from controller.resolver import Resolver
    from controller.spec.document import Document

NO_MLFLOW = (
    "No MLflow is known: declare an endpoint `mlflow`, or set MLFLOW_TRACKING_URI."
)
NO_STORE = (
    "There is no store: set HOKUSAI_STORE_URL, or leave out what only a store knows "
    "with --without-store."
)


@dataclass(frozen=True)
class Clients:
    """What the drivers of one controller reach the outside with.

    Attributes:
        aws: AWS.
        mlflow: MLflow; None if the document names none.
        resolver: Names to addresses.
        fallbacks: Last good addresses; None to leave them out.
        stored: The parts on a store; None without one.
        clock: The time.
    """

    aws: Aws
    mlflow: Mlflow | None
    resolver: Resolver
    fallbacks: Fallbacks | None
    stored: Stored | None
    clock: Clock


@dataclass(frozen=True)
class Wishes:
    """What a command asks for beside the document.

    Attributes:
        announced: Called when there is something new to deliver.
        largest_backlog: How many announcements at once are let through.
        without_store: Whether to leave out what only a store knows.
        permitted: Whether the command may still act; asked before each write.
    """

    announced: Callable[[], None] = lambda: None
    largest_backlog: int = 20
    without_store: bool = False
    permitted: Callable[[], bool] = lambda: True


def drivers(
    document: Callable[[], Document], clients: Clients, wishes: Wishes
) -> Mapping[str, Driver]:
    """Return the driver of each kind.

    Args:
        document: Returns what is declared now.
        clients: What they reach the outside with.
        wishes: What the command asks for.
    """
    owner = document().platform.owner
    probe = Probe()
    aws = FencedAws(clients.aws, wishes.permitted)
    return {
        "endpoint": EndpointDriver(clients.resolver, clients.fallbacks, aws, probe),
        "service": ServiceDriver(aws, owner),
        **_mlflow_drivers(document, clients, wishes, owner),
    }


def _mlflow_drivers(
    document: Callable[[], Document], clients: Clients, wishes: Wishes, owner: str
) -> Mapping[str, Driver]:
    mlflow = clients.mlflow
    if mlflow is None:
        nothing = Unavailable(NO_MLFLOW)
        return {"experiment": nothing, "model": nothing, "webhook": nothing}

    def experiment_name(key: str) -> str:
        """Return MLflow's name of the experiment declared as ``key``."""
        for id_, resource in document().resources.items():
            if id_.kind == "experiment" and id_.name == key:
                return str(resource.spec.name)
        return key

    api = mlflow.api.sending_by(lambda rest: FencedRest(rest, wishes.permitted))
    return {
        "experiment": ExperimentDriver(api, mlflow.reader, owner),
        "model": ModelDriver(api, mlflow.reader, owner, experiment_name),
        "webhook": _webhook_driver(clients, api, mlflow.reader, wishes, owner),
    }


def _webhook_driver(
    clients: Clients,
    api: MlflowApi,
    reader: MlflowReader,
    wishes: Wishes,
    registry: str,
) -> Driver:
    if clients.stored is None:
        return Unavailable(f"Only the store knows what was announced. {NO_STORE}")
    from controller.clients.payload import check
    from controller.kinds.webhook.driver import WebhookDriver

    return WebhookDriver(
        api,
        reader,
        ledger=clients.stored.ledger,
        outcomes=clients.stored.deliveries,
        clock=clients.clock,
        registry=registry,
        check=check,
        announced=wishes.announced,
        largest_backlog=wishes.largest_backlog,
    )
