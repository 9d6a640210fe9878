"""``webhooks test`` and ``webhooks doctor`` against a receiver on this machine."""

import json

import pytest
from jsonschema import Draft202012Validator

from controller.cli import main
from controller.cli.schemas import status_schema
from controller.emulation.dns import DnsServer
from controller.emulation.receiver import WebhookReceiver
from controller.store.deliveries import DeliveryLog
from tests.builders.command_line import HEADER
from tests.builders.emulated_aws import client

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver(here, monkeypatch):
    """A receiver that checks signatures, and a document with its target."""
    monkeypatch.setenv("WEBHOOK_SECRET", "made-up")
    with WebhookReceiver("made-up") as found:
        (here / "hokusai.yaml").write_text(
            f"{HEADER}webhooks:\n  hokusai-site:\n    url: {found.url}\n"
            "    secrets: [{env: WEBHOOK_SECRET}]\n    allow_networks: [127.0.0.1/32]\n"
        )
        yield found


def checked(text):
    """Return the output as data, which follows its schema."""
    data = json.loads(text)
    assert list(Draft202012Validator(status_schema()).iter_errors(data)) == []
    return data


def diagnosed(capsys, status):
    capsys.readouterr()
    assert main(["webhooks", "doctor", "hokusai-site", "-o", "json"]) == status
    found = checked(capsys.readouterr().out)
    return {one["check"]: one["result"] for one in found["checks"]}


def test_an_accepted_ping_is_signed_and_verifies_the_target(recorded, receiver, capsys):
    assert main(["webhooks", "test", "webhook/hokusai-site", "-o", "json"]) == 0

    found = checked(capsys.readouterr().out)
    assert (found["accepted"], found["status"], found["error"]) == (True, 200, "")
    report = receiver.inbox.report()
    assert (len(report["deliveries"]), report["rejected"]) == (1, 0)
    log = DeliveryLog(recorded.database)
    assert log.records()["hokusai-site"].verified is not None
    assert log.list(9) == ()


def test_a_refused_ping_verifies_nothing(recorded, receiver, capsys):
    receiver.inbox.fail_next(503, 1)

    assert main(["webhooks", "test", "hokusai-site"]) == 1

    assert "did not accept the ping: 503" in capsys.readouterr().out
    assert "hokusai-site" not in DeliveryLog(recorded.database).records()


def test_a_ping_needs_no_database(receiver, here):
    assert main(["webhooks", "test", "hokusai-site"]) == 0

    assert not (here / "store.db").exists()


def test_a_receiver_that_is_away_is_reported(receiver, capsys):
    receiver._server.server_close()

    assert main(["webhooks", "test", "hokusai-site"]) == 1

    assert "did not answer the ping" in capsys.readouterr().out


def test_without_its_secret_nothing_is_sent(receiver, capsys, monkeypatch):
    monkeypatch.delenv("WEBHOOK_SECRET")

    assert main(["webhooks", "test", "hokusai-site"]) == 2
    assert "env:WEBHOOK_SECRET is not set" in capsys.readouterr().err

    found = diagnosed(capsys, 1)
    assert (found["secrets"], found["ping"]) == ("problem", "skipped")
    assert receiver.inbox.report()["rejected"] == 0


def test_a_working_receiver_passes_the_diagnosis(receiver, capsys):
    found = diagnosed(capsys, 0)

    assert found["tls"] == "skipped"
    assert {found[c] for c in found if c != "tls"} == {"ok"}
    assert receiver.inbox.report()["rejected"] == 1


def test_a_wrong_secret_is_diagnosed_and_never_printed(receiver, capsys, monkeypatch):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)

    assert diagnosed(capsys, 1)["ping"] == "problem"

    main(["webhooks", "doctor", "hokusai-site"])
    printed = capsys.readouterr()
    assert "Compare the secret of the receiver" in printed.out
    assert SECRET not in printed.out + printed.err


@pytest.mark.parametrize("columns", ["60", "120"])
def test_the_diagnosis_fits_the_terminal(receiver, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    assert main(["webhooks", "doctor", "hokusai-site"]) == 0

    assert max(map(len, capsys.readouterr().out.splitlines())) <= int(columns)


@pytest.mark.parametrize("output", ["table", "yaml", "markdown"])
@pytest.mark.parametrize("what", ["test", "doctor"])
def test_every_format_is_printed(receiver, capsys, what, output):
    assert main(["webhooks", what, "hokusai-site", "-o", output]) == 0

    assert "200" in capsys.readouterr().out or what == "doctor"


def test_an_undeclared_target_is_refused_with_a_suggestion(receiver, capsys):
    assert main(["webhooks", "test", "hokusai-sit"]) == 2

    assert "webhook/hokusai-site" in capsys.readouterr().err


@pytest.fixture
def in_aws(world, here, monkeypatch):
    """An emulated AWS, and a function that declares a target in it."""

    def declare(fields):
        (here / "hokusai.yaml").write_text(
            f"{HEADER}webhooks:\n  hokusai-site: {json.dumps(fields)}\n"
        )
        return client(world.server, "sqs")

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    return declare


def test_a_ping_arrives_in_a_queue(in_aws, capsys):
    sqs = in_aws({"sqs": {"queue": "events"}})
    url = sqs.create_queue(QueueName="events")["QueueUrl"]

    assert main(["webhooks", "test", "hokusai-site", "-o", "json"]) == 0

    found = checked(capsys.readouterr().out)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert (found["accepted"], found["url"]) == (True, "sqs:events")
    assert json.loads(message["Body"])["event_type"] == "ping"
    assert main(["webhooks", "test", "hokusai-site"]) == 0
    assert "sqs:events accepted the ping" in capsys.readouterr().out


def test_the_doctor_names_the_reason_of_a_destination_that_is_not_there(in_aws, capsys):
    in_aws({"eventbridge": {"bus": "gone"}})

    assert diagnosed(capsys, 1) == {"ping": "problem", "latency": "ok"}
    assert main(["webhooks", "test", "hokusai-site"]) == 1
    assert "eventbridge:gone did not accept the ping" in capsys.readouterr().out


def test_preflight_finds_a_queue_that_is_not_there(in_aws, capsys):
    in_aws({"sqs": {"queue": "gone"}})

    assert main(["preflight", "webhook/hokusai-site", "-o", "json"]) == 1

    assert "aws sqs create-queue --queue-name gone" in capsys.readouterr().out


def test_the_name_is_resolved_as_for_a_delivery(
    recorded, receiver, here, monkeypatch, capsys
):
    zone = "hokusai-test.local"
    document = here / "hokusai.yaml"
    named = document.read_text().replace("127.0.0.1:", f"hooks.{zone}:")
    document.write_text(named)
    known = {f"hooks.{zone}": ["127.0.0.1"]}

    with DnsServer(known.get, [zone]) as dns:
        monkeypatch.setenv("HOKUSAI_DNS_SERVER", "{}:{}".format(*dns.address))
        found = diagnosed(capsys, 0)
        assert main(["webhooks", "test", "hokusai-site"]) == 0
        known.clear()
        lost = diagnosed(capsys, 1)

    assert found["dns"] == "ok"
    assert lost["dns"] == "problem"
