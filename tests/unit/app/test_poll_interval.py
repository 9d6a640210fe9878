"""MLflow is polled between full observations, if a registration concerns the document."""

from datetime import timedelta

import pytest

from controller.app.leadership import poll_interval
from tests.builders.documents import document

EXPERIMENT = "experiments:\n  scoring: {}\n"
MODEL = "models:\n  leads: {}\n"
WEBHOOK = "webhooks:\n  site: {url: 'https://hokus.ai/h', secrets: [{env: SECRET}]}\n"


@pytest.mark.parametrize("body", [MODEL, WEBHOOK, MODEL + WEBHOOK])
def test_models_and_webhooks_are_polled_for(body):
    assert poll_interval(document(body)) == timedelta(seconds=10)


@pytest.mark.parametrize("body", ["", EXPERIMENT])
def test_other_documents_are_not(body):
    assert poll_interval(document(body)) is None


def test_a_poll_that_is_no_sooner_than_a_full_observation_is_of_no_use():
    often = "  reconcile: {interval: 10s}\n"
    seldom = "  reconcile: {interval: 10s, intervals: {webhook: 5m}}\n"

    assert poll_interval(document(often + MODEL + WEBHOOK)) is None
    assert poll_interval(document(seldom + MODEL)) is None
    assert poll_interval(document(seldom + WEBHOOK)) == timedelta(seconds=10)


def test_the_document_sets_the_interval():
    body = "  mlflow: {poll: 3s}\n" + MODEL

    assert poll_interval(document(body)) == timedelta(seconds=3)
