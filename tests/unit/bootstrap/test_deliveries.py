"""The retry schedule of each declared target."""

from types import SimpleNamespace

import pytest

from controller.bootstrap.deliveries import DeclaredTargets
from controller.core.document.resource import Resource, ResourceId
from controller.core.values.identity import content_hash
from controller.core.webhooks.aws_destination import EventBus
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.webhook.spec import DEFAULT_TAIL, WebhookSpec
from controller.settings import Settings


def document_with(environment="production", endpoint="api.internal", **fields):
    secrets = [{"env": "WEBHOOK_SECRET"}]
    specs = {
        ResourceId("webhook", "site"): WebhookSpec.model_validate(
            {"url": "https://hokus.ai/hook", "secrets": secrets, "timeout": 7, **fields}
        ),
        ResourceId("endpoint", "api"): EndpointSpec(host=endpoint, port=8001),
    }
    resources = {id_: Resource(id_, spec) for id_, spec in specs.items()}
    platform = SimpleNamespace(environment=environment)
    return SimpleNamespace(resources=resources, platform=platform)


def targets(settings, **fields):
    document = document_with(**fields)
    return DeclaredTargets(lambda: document, str, settings).targets()


def test_targets_are_computed_again_for_another_document_or_step_of_a_rotation():
    documents, steps = [document_with()], [{}]
    declared = DeclaredTargets(
        lambda: documents[-1], str, Settings(), lambda: steps[-1]
    )

    first, second = declared.targets(), declared.targets()
    steps.append({"site": SimpleNamespace(moves=1)})
    rotated = declared.targets()
    documents.append(document_with(timeout=9))
    edited = declared.targets()

    assert second is first
    assert rotated["site"].settings != first["site"].settings
    assert (edited["site"].timeout, first["site"].timeout) == (9, 7)


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
        ({"allow_networks": ["10.0.0.0/16"]}, False),
        ({"endpoint": "hokus.ai"}, False),
        ({"signature": "standard"}, False),
        ({"payload": "slack"}, False),
        ({"allow_ports": [9443]}, False),
        ({"header_aliases": {"x-signature": "X-Hokusai-Signature"}}, False),
        ({"auth": {"bearer": {"env": "TOKEN"}}}, False),
        ({"body": "{text: message}"}, False),
    ],
    ids=[
        *("timeout", "retry", "url", "secrets", "networks", "endpoint"),
        *("signature", "payload", "ports", "aliases", "auth", "body"),
    ],
)
def test_a_target_with_another_address_or_secret_has_other_settings(fields, same):
    (before,), (after,) = (targets(Settings(), **f).values() for f in ({}, fields))

    assert (before.settings == after.settings) is same


def permitted(address, **fields):
    """Return True if the target may be at ``address``."""
    (target,) = targets(Settings(), **fields).values()
    return not target.permitted.denial_reason(address)


def test_a_target_is_public_unless_the_document_says_otherwise():
    assert permitted("8.8.8.8")
    assert not permitted("10.0.0.1")
    assert not permitted("127.0.0.1")


def test_the_host_of_an_endpoint_may_be_private():
    url = "https://API.internal./hook"

    assert permitted("10.0.0.1", url=url)
    assert permitted("8.8.8.8", url=url)
    assert not permitted("127.0.0.1", url=url)
    assert not permitted("169.254.169.254", url=url)
    assert not permitted("10.0.0.1", url="https://other.internal/hook")


def test_a_declared_network_is_permitted_and_no_other():
    networks = ["10.1.0.0/16"]

    assert permitted("10.1.2.3", allow_networks=networks)
    assert not permitted("10.2.0.1", allow_networks=networks)


def test_this_machine_is_permitted_in_the_local_environment():
    assert permitted("127.0.0.1", environment="local")
    assert not permitted("10.0.0.1", environment="local")


def test_a_target_in_aws_has_a_destination_and_no_secrets():
    spec = WebhookSpec.model_validate({"eventbridge": {"bus": "events"}})
    site = ResourceId("webhook", "site")
    document = SimpleNamespace(
        resources={site: Resource(site, spec)},
        platform=SimpleNamespace(environment="production"),
    )
    declared = DeclaredTargets(lambda: document, str, Settings())

    target = declared.targets()["site"]

    assert target.destination == EventBus("events", "hokusai")
    assert declared.secrets_of("site") == TargetSecrets()


def test_an_upgrade_does_not_change_the_settings_of_a_target():
    """What failed permanently would be sent again to every target."""
    (target,) = targets(Settings()).values()

    assert target.settings == content_hash(
        ["https://hokus.ai/hook", "hokusai-v1", ["env:WEBHOOK_SECRET"]]
    )


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
