"""Observed state of a webhook target: existing and announced versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.models.registration import ModelVersion
from controller.core.webhooks.breaker import CLOSED, Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.event import VersionIdentity
from controller.core.webhooks.parity import ParityReport
from controller.core.webhooks.publication_phase import WEBHOOK_ONLY, Phase
from controller.core.webhooks.records import TargetRecord
from controller.core.webhooks.rotation import RotationStage, SecretRotation

# More announcements at once are probably a mistake.
LARGEST_BACKLOG = 20


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Numbers of a target's deliveries by state, and the last error.

    Attributes:
        pending: In progress or waiting.
        retrying: Waiting after a failure, as far as they are counted.
        delivered: Accepted.
        dead: Failed permanently.
        last_error: Reason of the last failure.
        blocked: Reason why the configuration permits to send nothing.
    """

    pending: int = 0
    retrying: int = 0
    delivered: int = 0
    dead: int = 0
    last_error: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class QueueState:
    """Redis queue of a target.

    Attributes:
        phase: Recorded phase: that of the next event.
        parity: Comparison of the events of this phase; None in the last phase.
        pending: Number of messages that are sent as they become due.
        held: Number of messages that wait for a failure of the webhook.
        dead: Number of messages that failed permanently.
        last_error: Reason of the latest failure; empty if there is none.
    """

    phase: Phase = WEBHOOK_ONLY
    parity: ParityReport | None = None
    pending: int = 0
    held: int = 0
    dead: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class WebhookState:
    """A target in the store, and the versions in MLflow.

    Attributes:
        target: Key of the target in the document.
        registry: Name of the MLflow server in version identities.
        first_seen: Time at which the target was first observed; the baseline of
            ``from-now``.
        versions: All versions.
        model_tags: Tags of each registered model, by its name.
        delivery_states: State of the delivery of each version announced to the target.
        deliveries: Numbers of deliveries by state.
        breaker: Circuit breaker.
        record: Unreadable secrets, last acceptance and causes of failure.
        largest_backlog: Maximum number of announcements in one pass.
        queue: Redis queue.
        rotation: Latest rotation of the secret; None if there was none.
        rotation_due: Stage that the controller moves the rotation to; None for none.
    """

    target: str
    registry: str
    first_seen: datetime
    versions: tuple[ModelVersion, ...] = ()
    model_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delivery_states: Mapping[VersionIdentity, DeliveryState] = field(
        default_factory=dict
    )
    deliveries: DeliveryCounts = field(default_factory=DeliveryCounts)
    breaker: Breaker = CLOSED
    record: TargetRecord = field(default_factory=TargetRecord)
    largest_backlog: int = LARGEST_BACKLOG
    queue: QueueState = field(default_factory=QueueState)
    rotation: SecretRotation | None = None
    rotation_due: RotationStage | None = None
