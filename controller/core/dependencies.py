"""Dependencies of a driver: the clients and records that composition hands to it.

Each kind's ``driver`` module has one function, ``connect(dependencies)``, which takes
what it needs and returns the driver, or raises PermanentError for what is not
configured. A module may also have ``connect_preflight(dependencies)``, which returns
the preflight checks that work without it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Protocol

from controller.core.clock import Clock
from controller.core.dns.health import NameReport
from controller.core.document.platform import Platform
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.models.approvals import Approvals
from controller.core.models.measurement import MetricBaseline
from controller.core.models.metadata import MetadataRecords
from controller.core.models.registry import CachedReads, RegistryWrites
from controller.core.models.registry_webhooks import RegistryWebhooks
from controller.core.resources.fallbacks import Fallbacks
from controller.core.webhooks.records import Announcements, DeliveryReports
from controller.core.webhooks.rotation import RotationRecords, SecretPing

NO_MLFLOW = (
    "MLflow is not configured: declare an endpoint `mlflow`, or set "
    "MLFLOW_TRACKING_URI."
)
NO_STORE = (
    "No store is configured: set HOKUSAI_STORE_URL, or pass --without-store to skip "
    "the resources that need one."
)


class Aws(Protocol):
    """Client for all AWS APIs."""

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the response to ``operation``, named as in the API.

        Thread-safe. Raises DriverError; OutcomeUnknownError only for calls that may
        have written something.
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
    """Name resolution; see ``controller.resolver``."""

    def resolve(self, host: str) -> Resolved:
        """Return the addresses, from the cache while they are valid.

        Raises NotFoundError if the name does not exist, TransientError if no name
        server answers; both only if no earlier address is known.
        """
        ...

    def refresh(self, host: str) -> Resolved:
        """Return the addresses after a new DNS query, without pins.

        Raises as ``resolve`` does.
        """
        ...

    def report(self, host: str) -> NameReport:
        """Return the pin of ``host``, and the failures of its queries."""
        ...


@dataclass(frozen=True)
class Dependencies:
    """Clients and records of one controller, and its document.

    Attributes:
        owner: Value of the ownership tag.
        platform: Properties shared by all resources.
        declared: Returns the declared resources.
        aws: AWS client.
        mlflow: MLflow client for writes and uncached reads; None without MLflow.
        reader: MLflow client with reads cached for a pass; None without MLflow.
        resolver: Name resolver.
        fallbacks: Store of last good addresses; None to do without.
        ledger: Record of announcements; None without a store.
        approvals: Record of approvals of versions; None without a store.
        deliveries: Record of deliveries; None without a store.
        clock: Clock.
        announced: Called after new deliveries were put into the outbox.
        largest_backlog: Largest number of announcements allowed at once.
        secret: Returns the value of a secret reference, for calls that must send it;
            raises DriverError.
        mlflow_webhooks: MLflow client for its own webhooks; None without MLflow.
        mlflow_context: TLS context for MLflow's host; None over plain HTTP.
        metadata: Stored metadata of model versions; None where it is not written.
        rotations: Rotations of signing secrets; None without a store.
        ping: Sends pings that one version of a signing secret signs; None without a store.
        thorough: True to also read what a plan does not need; False for a command
            that only shows differences.
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
    approvals: Approvals | None
    deliveries: DeliveryReports | None
    clock: Clock
    announced: Callable[[], None]
    largest_backlog: int
    secret: Callable[[SecretReference], str]
    mlflow_webhooks: RegistryWebhooks | None = None
    mlflow_context: SSLContext | None = None
    thorough: bool = True
    metadata: MetadataRecords | None = None
    rotations: RotationRecords | None = None
    ping: SecretPing | None = None

    def benchmarks(self) -> Mapping[str, MetricBaseline]:
        """Return the declared benchmarks by MLflow's name of the model."""
        return {
            resource.spec.name: MetricBaseline(found.metric, found.baseline, found.mode)
            for id_, resource in self.declared().items()
            if id_.kind == "model" and (found := resource.spec.benchmark)
        }

    def published_parameters(self) -> frozenset[str]:
        """Return the SSM parameters that endpoints publish addresses to."""
        return published_parameters(self.declared())

    def registry(self) -> tuple[RegistryWrites, CachedReads]:
        """Return the two MLflow clients; raises PermanentError without MLflow."""
        if self.mlflow is None or self.reader is None:
            raise PermanentError(NO_MLFLOW)
        return self.mlflow, self.reader

    def webhooks(self) -> RegistryWebhooks:
        """Return the client for MLflow's webhooks; raises PermanentError without MLflow."""
        if self.mlflow_webhooks is None:
            raise PermanentError(NO_MLFLOW)
        return self.mlflow_webhooks

    def records(self) -> tuple[Announcements, DeliveryReports]:
        """Return the webhook records; raises PermanentError without a store."""
        if self.ledger is None or self.deliveries is None:
            msg = f"Announcements are recorded in the store. {NO_STORE}"
            raise PermanentError(msg)
        return self.ledger, self.deliveries


def published_parameters(
    resources: Mapping[ResourceId, Resource[Any]],
) -> frozenset[str]:
    """Return the SSM parameters that the endpoints of ``resources`` publish to."""
    fallbacks = (
        resource.spec.fallback
        for id_, resource in resources.items()
        if id_.kind == "endpoint"
    )
    return frozenset(f.publish.ssm for f in fallbacks if f and f.publish)
