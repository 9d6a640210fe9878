"""Dependencies of a driver: the clients and records that composition hands to it.

Each kind's ``driver`` module has one function, ``connect(dependencies)``, which takes
what it needs and returns the driver, or raises PermanentError for what is not
configured.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from controller.core.clock import Clock
from controller.core.document.platform import Platform
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.models.registry import CachedReads, RegistryWrites
from controller.core.resources.fallbacks import Fallbacks
from controller.core.webhooks.records import Announcements, DeliveryReports

NO_MLFLOW = (
    "No MLflow is known: declare an endpoint `mlflow`, or set MLFLOW_TRACKING_URI."
)
NO_STORE = (
    "There is no store: set HOKUSAI_STORE_URL, or leave out what only a store knows "
    "with --without-store."
)


class Aws(Protocol):
    """The one door to AWS."""

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the answer to ``operation``, named as in the API.

        Safe to use from several threads. Raises DriverError; an
        OutcomeUnknownError only for what may have been written.
        """
        ...


class Resolved(Protocol):
    """The addresses of a host, and their source."""

    @property
    def addresses(self) -> Sequence[str]:
        """Addresses to connect to, best first; never empty."""
        ...

    @property
    def source(self) -> str:
        """The source of the addresses, in one word."""
        ...


class NameResolver(Protocol):
    """Names to addresses; see ``controller.resolver``."""

    def resolve(self, host: str) -> Resolved:
        """Return the addresses, from the cache while they are valid.

        Raises NotFoundError when the name does not exist, TransientError when no
        name server answers; both only when no address is remembered.
        """
        ...

    def refresh(self, host: str) -> Resolved:
        """Return the addresses after a new DNS query; raises as ``resolve``."""
        ...


@dataclass(frozen=True)
class Dependencies:
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
    mlflow: RegistryWrites | None
    reader: CachedReads | None
    resolver: NameResolver
    fallbacks: Fallbacks | None
    ledger: Announcements | None
    deliveries: DeliveryReports | None
    clock: Clock
    announced: Callable[[], None]
    largest_backlog: int
    secret: Callable[[SecretReference], str]
    thorough: bool = True

    def registry(self) -> tuple[RegistryWrites, CachedReads]:
        """Return MLflow's two clients; raises PermanentError if there is none."""
        if self.mlflow is None or self.reader is None:
            raise PermanentError(NO_MLFLOW)
        return self.mlflow, self.reader

    def records(self) -> tuple[Announcements, DeliveryReports]:
        """Return what only a store knows; raises PermanentError without one."""
        if self.ledger is None or self.deliveries is None:
            msg = f"Only the store knows what was announced. {NO_STORE}"
            raise PermanentError(msg)
        return self.ledger, self.deliveries
