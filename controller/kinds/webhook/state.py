"""What is seen of a webhook target: versions there are, and versions told of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.models.registration import ModelVersion
from controller.core.webhooks.event import VersionIdentity

# More announcements at once than this look like a mistake, not like news.
LARGEST_BACKLOG = 20


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How many deliveries of a target stand where, and the last failure."""

    pending: int = 0
    retrying: int = 0
    delivered: int = 0
    dead: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class WebhookState:
    """A target as the ledger knows it, beside the versions MLflow has.

    Attributes:
        target: The name the target is declared by.
        registry: Which MLflow, as identities name it.
        first_seen: When the target was first seen; the baseline of ``from-now``.
        versions: All versions there are.
        model_tags: Tags of each registered model, by its name.
        announced: Identities that the ledger holds for the target.
        ended: Of these, the ones whose delivery came to an end.
        deliveries: How the target's deliveries stand.
        largest_backlog: How many announcements at once are let through.
    """

    target: str
    registry: str
    first_seen: datetime
    versions: tuple[ModelVersion, ...] = ()
    model_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    announced: frozenset[VersionIdentity] = frozenset()
    ended: frozenset[VersionIdentity] = frozenset()
    deliveries: DeliveryCounts = field(default_factory=DeliveryCounts)
    largest_backlog: int = LARGEST_BACKLOG
