"""Who delivers the webhooks of a document, and with which keys."""

from collections.abc import Callable, Mapping

from controller.bootstrap.controller import Controller
from controller.bootstrap.stored import Stored
from controller.clients.webhook import Sender
from controller.core.delivery import DeliveryPolicy
from controller.core.errors import NotFoundError
from controller.core.resource import ResourceId
from controller.core.signature import key_of
from controller.engine.dispatcher import Dispatcher, Target
from controller.engine.leader import process_name
from controller.settings import Settings
from controller.store.outbox import Outbox


def dispatcher_for(
    controller: Controller,
    settings: Settings,
    stored: Stored,
    sender: Sender,
    told: Callable[[], None] = lambda: None,
) -> Dispatcher:
    """Return a dispatcher for the targets the controller's document declares.

    Whoever calls holds the lease: what a process that died had claimed is ours.

    Args:
        controller: Whose document and secrets are used, as they are at the time.
        settings: How often, and how patiently, a delivery is tried.
        stored: Where the outbox is.
        sender: Sends.
        told: Called after each attempt.
    """
    retries = range(settings.webhook_max_retries)
    delays = tuple(settings.webhook_retry_delay * 2**n for n in retries)
    policy = DeliveryPolicy(delays)

    def targets() -> Mapping[str, Target]:
        return {
            id_.name: Target(resource.spec.url, resource.spec.timeout, policy)
            for id_, resource in controller.document.resources.items()
            if id_.kind == "webhook"
        }

    def secret_of(name: str) -> tuple[bytes, ...]:
        resource = controller.document.resources.get(ResourceId("webhook", name))
        if resource is None:
            msg = f"webhook/{name} is no longer declared"
            raise NotFoundError(msg)
        references = resource.spec.secrets
        return tuple(key_of(controller.secrets.value(ref)) for ref in references)

    outbox = Outbox(stored.database)
    outbox.take_over(process_name())
    stored.memory.take_over()
    return Dispatcher(
        outbox,
        sender,
        targets,
        secret_of,
        clock=controller.clock,
        worker=process_name(),
        told=lambda _delivery, _answer, _step: told(),
    )
