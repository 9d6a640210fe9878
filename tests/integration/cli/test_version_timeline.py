"""The timeline of a version and the audit of deliveries, on a real MLflow server."""

import json

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.clients.http import http_client
from controller.clients.mlflow import MlflowApi
from controller.emulation.mlflow import MlflowServer
from tests.builders.webhook_receiver import webhook_receiver

DOCUMENT = """\
apiVersion: hokusai.ai/v1
platform:
  name: t
  environment: development
  account: "123456789012"
  region: us-east-1
models:
  leads:
    benchmark: {{metric: accuracy, baseline: 0.65}}
    versions: [{{source: "s3://bucket/first"}}]
    aliases:
      staging: latest
      production: {{policy: latest, gates: {{metrics: {{accuracy: {{min: 0.8}}}}}}}}
webhooks:
  site:
    url: {url}
    secrets: [{{env: SITE_SECRET}}]
    announce: all
    allow_networks: [127.0.0.0/8]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@pytest.fixture
def receiver():
    with webhook_receiver() as found:
        yield found


@pytest.fixture
def platform(world, here, server, receiver, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setenv("SITE_SECRET", "a-secret-of-the-tests")
    world.file.write_text(DOCUMENT.format(url=receiver.url))
    return world


def test_a_version_is_followed_from_its_registration_to_its_delivery(
    platform, receiver, server, capsys, monkeypatch
):
    main(["apply", "--yes"])
    capsys.readouterr()

    main(["why", "model/leads", "-o", "json"])

    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    timeline = [step["text"] for step in data["timeline"]]
    assert timeline[0].startswith(
        "Version 1 registered with a registration hash from s3:"
    )
    assert "It has no value of accuracy; the baseline is 0.65." in timeline
    assert "Alias staging points to it." in timeline
    assert any("Alias production does not move to it" in text for text in timeline)
    assert any(
        "site: attempt 1: the receiver answered 200." in text for text in timeline
    )
    assert timeline[-1] == "site: accepted."
    for columns in ("60", "120"):
        monkeypatch.setenv("COLUMNS", columns)
        main(["why", "model/leads"])
        assert "site: accepted." in capsys.readouterr().out

    assert main(["audit", "deliveries", "webhook/site", "-o", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    (site,) = data["targets"]
    assert (site["versions"], site["delivered"], site["missing"]) == (1, 1, [])

    with http_client(server.url) as http:
        MlflowApi(http).create_version("leads", "s3://bucket/second", "", {})
    assert main(["audit", "deliveries"]) == 1
    told = capsys.readouterr().out
    assert "webhook/site lacks an event for leads/2" in told
    main(["why", "model/leads", "--version", "2"])
    assert "not announced yet; the next pass announces it" in capsys.readouterr().out

    receiver.status = 422
    main(["apply", "--yes"])
    capsys.readouterr()
    main(["why", "model/leads", "--version", "2"])
    told = capsys.readouterr().out
    assert "site: attempt 1: the receiver answered 422." in told
    assert "hokusai retry webhook/site --reason" in told
    assert main(["audit", "deliveries", "-o", "json"]) == 0
    (site,) = json.loads(capsys.readouterr().out)["targets"]
    assert (site["delivered"], site["dead"], site["missing"]) == (1, 1, [])

    receiver.status = 200
    assert main(["retry", "webhook/site", "--reason", "fixed", "--yes"]) in {0, 1}
    main(["apply", "--yes"])
    capsys.readouterr()
    main(["audit", "deliveries", "-o", "json"])
    (site,) = json.loads(capsys.readouterr().out)["targets"]
    assert (site["delivered"], site["dead"]) == (2, 0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["why", "model/leads", "--version", "99"], "has no version 99"),
        (["why", "webhook/site", "--version", "1"], "--version selects a version"),
        (["audit", "deliveries", "model/leads"], "not a declared webhook target"),
        (
            ["audit", "deliveries", "--server", "http://127.0.0.1:1"],
            "leave out --server",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_reason(
    platform, capsys, words, message
):
    main(["apply", "--yes"])
    capsys.readouterr()

    assert main(words) == 2

    assert message in capsys.readouterr().err
