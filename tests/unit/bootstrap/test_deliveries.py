"""The retry schedule of each declared target."""

from types import SimpleNamespace

import pytest

from controller.bootstrap.deliveries import DeclaredTargets
from controller.core.document.resource import Resource, ResourceId
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.kinds.webhook.spec import DEFAULT_TAIL, WebhookSpec
from controller.settings import Settings


def targets(settings, **fields):
    secrets = [{"env": "WEBHOOK_SECRET"}]
    spec = WebhookSpec.model_validate(
        {"url": "https://hokus.ai/hook", "secrets": secrets, "timeout": 7, **fields}
    )
    id_ = ResourceId("webhook", "site")
    document = SimpleNamespace(resources={id_: Resource(id_, spec)})
    return DeclaredTargets(lambda: document, str, settings).targets()


def test_the_schedule_comes_from_the_settings():
    settings = Settings(webhook_max_retries=3, webhook_retry_delay=0.5)

    (target,) = targets(settings).values()

    assert target.schedule == RetrySchedule((0.5, 1.0, 2.0, *DEFAULT_TAIL))
    assert (target.url, target.timeout) == ("https://hokus.ai/hook", 7)


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"timeout": 9}, True),
        ({"retry": {"tail": []}}, True),
        ({"url": "https://hokus.ai/other"}, False),
        ({"secrets": [{"env": "OTHER_SECRET"}]}, False),
    ],
    ids=["timeout", "retry", "url", "secrets"],
)
def test_a_target_with_another_address_or_secret_has_other_settings(fields, same):
    (before,), (after,) = (targets(Settings(), **f).values() for f in ({}, fields))

    assert (before.settings == after.settings) is same


def test_by_default_a_delivery_is_repeated_after_2_4_8_16_and_32_seconds():
    (target,) = targets(Settings()).values()

    assert target.schedule.delays == (2, 4, 8, 16, 32, *DEFAULT_TAIL)


def test_the_document_replaces_the_tail_and_the_jitter():
    retry = {"tail": ["5m", "2h"], "jitter": 0}

    (target,) = targets(Settings(), retry=retry).values()

    assert target.schedule == RetrySchedule((2, 4, 8, 16, 32, 300, 7200), spread=0)


def test_an_empty_tail_leaves_the_delays_of_the_first_minute():
    (target,) = targets(Settings(), retry={"tail": []}).values()

    assert target.schedule.delays == (2, 4, 8, 16, 32)
