import json
import os
import signal
import subprocess
import sys

import httpx
import pytest

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.signature import hokusai_signature as signature
from controller.emulation.loopback import NotLoopbackError
from controller.emulation.receiver import WebhookReceiver
from tests.builders.real_deliveries import deliver, registration

SECRET = "sesame"


def send(url, body, signed_with=SECRET, path="/hook"):
    headers = {"X-Hokusai-Signature": signature(signed_with.encode(), body)}
    return httpx.post(url + path, content=body, headers=headers).status_code


def report(url):
    return httpx.get(f"{url}/deliveries").json()


def body(key):
    return json.dumps({"idempotency_key": key, "model_id": "m"}).encode()


def test_accepts_signed_deliveries_and_counts_duplicates():
    with WebhookReceiver(SECRET) as receiver:
        statuses = [send(receiver.url, body(key)) for key in ("a", "b", "a")]

        counts = report(receiver.url)

    assert statuses == [200, 200, 200]
    assert (counts["received"], counts["duplicates"], counts["rejected"]) == (3, 1, 0)
    assert counts["deliveries"][0]["body"]["model_id"] == "m"


def test_rejects_deliveries_signed_with_another_secret():
    with WebhookReceiver(SECRET) as receiver:
        status = send(receiver.url, body("a"), signed_with="other")

        counts = report(receiver.url)

    assert status == 401
    assert (counts["received"], counts["rejected"]) == (0, 1)


@pytest.mark.parametrize("secret", ["whsec_AAECAwQFBgcICQoLDA0ODw==", "plain text"])
@pytest.mark.parametrize("profile", ["hokusai-v1", "cloudevents", "hokusai-site"])
def test_accepts_what_the_controller_sends(secret, profile):
    event = registration(profile=profile)
    with WebhookReceiver(secret) as receiver:
        answers = [deliver(receiver.url, [secret], event)[0] for _ in range(2)]

        counts = report(receiver.url)

    assert answers == [Answered(200)] * 2
    assert (counts["received"], counts["duplicates"]) == (2, 1)
    assert counts["deliveries"][0]["idempotency_key"] == event.id


def test_fails_the_given_number_of_times():
    with WebhookReceiver(SECRET) as receiver:
        fault = json.dumps({"status": 503, "times": 2}).encode()
        send(receiver.url, fault, path="/faults")

        statuses = [send(receiver.url, body("a")) for _ in range(3)]

    assert statuses == [503, 503, 200]


def test_a_restarted_receiver_recognises_duplicates(tmp_path):
    state = tmp_path / "deliveries.jsonl"
    with WebhookReceiver(SECRET, state=state) as receiver:
        send(receiver.url, body("a"))
    with state.open("a") as file:
        file.write('{"half a li')

    with WebhookReceiver(SECRET, state=state) as receiver:
        send(receiver.url, body("a"))
        counts = report(receiver.url)

    assert (counts["received"], counts["duplicates"]) == (2, 1)


def test_listens_on_loopback_only():
    with pytest.raises(NotLoopbackError):
        WebhookReceiver(SECRET, host="0.0.0.0")  # noqa: S104


def test_runs_as_a_command_until_sigterm(tmp_path):
    command = [sys.executable, "-m", "controller.emulation.receiver", "--state"]
    receiver = subprocess.Popen(
        [*command, str(tmp_path / "d.jsonl")],
        env=os.environ | {"WEBHOOK_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    with receiver:
        url = receiver.stdout.readline().strip()

        status = send(url, body("a"))

        receiver.send_signal(signal.SIGTERM)
    assert (status, receiver.returncode) == (200, 0)
