"""What a driver may reach the outside with; no kind is named here.

Each kind's ``driver`` module has one function, ``connect(outside)``, which takes
what it needs and returns the driver, or says what is not configured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.core.errors import PermanentError

if TYPE_CHECKING:
    from controller.clients.aws import Aws
    from controller.clients.mlflow import MlflowApi, MlflowReader
    from controller.core.clock import Clock
    from controller.core.document.platform import Platform
    from controller.core.document.reference import SecretReference
    from controller.core.document.resource import Resource, ResourceId
    from controller.core.resources.fallbacks import Fallbacks
    from controller.resolver import Resolver
    from controller.store.announcements import Ledger
    from controller.store.deliveries import Deliveries

NO_MLFLOW = (
    "No MLflow is known: declare an endpoint `mlflow`, or set MLFLOW_TRACKING_URI."
)
NO_STORE = (
    "There is no store: set HOKUSAI_STORE_URL, or leave out what only a store knows "
    "with --without-store."
)


@dataclass(frozen=True)
class Outside:
    """The clients of one controller, and what it knows of its own document.

    Attributes:
        owner: Value of our ownership tag.
        platform: What all resources share.
        declared: Returns what is declared now.
        aws: AWS.
        mlflow: For writes, and reads that must be fresh; None if there is none.
        reader: For reads that a pass shares; None if there is no MLflow.
        resolver: Names to addresses.
        fallbacks: Last good addresses; None to leave them out.
        ledger: What was announced to whom; None without a store.
        deliveries: What became of it; None without a store.
        clock: The time.
        announced: Called when there is something new to deliver.
        largest_backlog: How many announcements at once are let through.
        secret: Returns what a reference names, for those who must show it; raises
            DriverError.
        thorough: Whether to look beyond what a plan needs: a command that only shows
            a difference does without.
    """

    owner: str
    platform: Platform
    declared: Callable[[], Mapping[ResourceId, Resource[Any]]]
    aws: Aws
    mlflow: MlflowApi | None
    reader: MlflowReader | None
    resolver: Resolver
    fallbacks: Fallbacks | None
    ledger: Ledger | None
    deliveries: Deliveries | None
    clock: Clock
    announced: Callable[[], None]
    largest_backlog: int
    secret: Callable[[SecretReference], str]
    thorough: bool = True

    def registry(self) -> tuple[MlflowApi, MlflowReader]:
        """Return MLflow's two clients; raises PermanentError if there is none."""
        if self.mlflow is None or self.reader is None:
            raise PermanentError(NO_MLFLOW)
        return self.mlflow, self.reader

    def records(self) -> tuple[Ledger, Deliveries]:
        """Return what only a store knows; raises PermanentError without one."""
        if self.ledger is None or self.deliveries is None:
            msg = f"Only the store knows what was announced. {NO_STORE}"
            raise PermanentError(msg)
        return self.ledger, self.deliveries
