"""Webhooks that MLflow itself sends: values, and a protocol for reads and writes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RegistryWebhook:
    """A webhook in MLflow; MLflow never returns its secret.

    Attributes:
        id: MLflow's id.
        name: Name; several webhooks may have one name.
        url: URL that MLflow sends requests to.
        events: Events, as in ``MODEL_VERSION.CREATED``.
        description: Description; empty if there is none.
        active: True if MLflow sends requests.
        created_ms: Creation, in milliseconds since the epoch.
    """

    id: str
    name: str
    url: str
    events: frozenset[str] = frozenset()
    description: str = ""
    active: bool = True
    created_ms: int = 0


@dataclass(frozen=True, slots=True)
class WebhookContent:
    """Content of a webhook to write.

    Attributes:
        url: URL that MLflow sends requests to.
        events: Events, as in ``MODEL_VERSION.CREATED``.
        secret: Secret that signs the requests.
        description: Description.
    """

    url: str
    events: Collection[str]
    secret: str
    description: str

    def __repr__(self) -> str:
        return f"WebhookContent({self.url!r})"


class RegistryWebhooks(Protocol):
    """Reads and writes of MLflow's webhooks. Every method raises DriverError."""

    def webhooks(self) -> tuple[RegistryWebhook, ...]:
        """Return all webhooks, the oldest first.

        Raises:
            PermanentError: The server has no webhooks, or refuses access to them.
        """
        ...

    def create_webhook(self, name: str, content: WebhookContent) -> str:
        """Create an active webhook and return its id. Each call creates another one."""
        ...

    def update_webhook(self, id_: str, content: WebhookContent) -> None:
        """Replace the content of a webhook and activate it. Safe to repeat.

        Raises:
            NotFoundError: It does not exist.
        """
        ...

    def delete_webhook(self, id_: str) -> None:
        """Delete a webhook. Safe to repeat."""
        ...
