"""The retry schedule of each declared target."""

from types import SimpleNamespace

from controller.bootstrap.deliveries import DeclaredTargets
from controller.core.document.resource import Resource, ResourceId
from controller.core.webhooks.delivery import DeliveryPolicy
from controller.engine.dispatcher import WebhookTarget
from controller.kinds.webhook.spec import WebhookSpec
from controller.settings import Settings


def targets(settings):
    spec = WebhookSpec(
        url="https://hokus.ai/hook", secrets=[{"env": "WEBHOOK_SECRET"}], timeout=7
    )
    id_ = ResourceId("webhook", "site")
    document = SimpleNamespace(resources={id_: Resource(id_, spec)})
    return DeclaredTargets(SimpleNamespace(document=document), settings).targets()


def test_the_schedule_comes_from_the_settings():
    settings = Settings(webhook_max_retries=3, webhook_retry_delay=0.5)

    assert targets(settings) == {
        "site": WebhookTarget(
            "https://hokus.ai/hook", DeliveryPolicy((0.5, 1.0, 2.0)), timeout=7
        )
    }


def test_by_default_a_delivery_is_repeated_after_2_4_8_16_and_32_seconds():
    (target,) = targets(Settings()).values()

    assert target.policy.delays == (2, 4, 8, 16, 32)
