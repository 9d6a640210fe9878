"""Webhook dispatcher of a document, with the signing keys of its targets."""

from collections.abc import Callable, Mapping

from controller.bootstrap.controller import Controller
from controller.bootstrap.holder import holder_id
from controller.bootstrap.store import Store
from controller.clients.webhook import Sender
from controller.core.document.resource import ResourceId
from controller.core.errors import NotFoundError
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.signature import key_of
from controller.engine.dispatcher import Dispatcher, WebhookTarget
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings
from controller.store.outbox import Outbox


class DeclaredTargets:
    """The targets of a controller's current document."""

    def __init__(self, controller: Controller, settings: Settings) -> None:
        self._controller = controller
        self._base = settings.webhook_max_retries, settings.webhook_retry_delay

    def targets(self) -> Mapping[str, WebhookTarget]:
        """Return where, and how patiently, each target is told."""
        return {
            id_.name: WebhookTarget(
                resource.spec.url, self._schedule(resource.spec), resource.spec.timeout
            )
            for id_, resource in self._controller.document.resources.items()
            if id_.kind == "webhook"
        }

    def _schedule(self, spec: WebhookSpec) -> RetrySchedule:
        return RetrySchedule.doubling(*self._base, spec.retry.tail, spec.retry.jitter)

    def keys_of(self, name: str) -> tuple[bytes, ...]:
        """Return a target's keys, the current one first; raises ControllerError."""
        resources = self._controller.document.resources
        resource = resources.get(ResourceId("webhook", name))
        if resource is None:
            msg = f"webhook/{name} is no longer declared"
            raise NotFoundError(msg)
        secrets = self._controller.secrets
        return tuple(key_of(secrets.value(ref)) for ref in resource.spec.secrets)


def dispatcher_for(
    controller: Controller,
    settings: Settings,
    stored: Store,
    sender: Sender,
    told: Callable[[], None] = lambda: None,
) -> Dispatcher:
    """Return a dispatcher for the targets the controller's document declares.

    Args:
        controller: Whose document and secrets are used, as they are at the time.
        settings: How often, and how patiently, a delivery is tried.
        stored: Where the outbox is.
        sender: Sends.
        told: Called after each attempt.
    """
    declared = DeclaredTargets(controller, settings)
    return Dispatcher(
        Outbox(stored.database),
        sender,
        declared.targets,
        declared.keys_of,
        clock=controller.clock,
        worker=holder_id(),
        on_attempt=lambda _delivery, _answer, _step: told(),
    )
