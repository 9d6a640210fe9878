"""The receivers for consumers, against the controller's own sender."""

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from controller.core.webhooks.answers import Answered
from controller.core.webhooks.signature import key_of, standard_headers
from tests.builders.real_deliveries import captured, deliver, registration
from tests.builders.receiver_kit import COMMANDS, KIT, node, running
from tests.fakes.stopped_clock import NOON

CURRENT = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
NEXT = "another-secret"
KINDS = pytest.mark.parametrize("kind", COMMANDS)


def worked_on(process):
    """Return the id of the next event that the receiver works on."""
    return json.loads(process.stdout.readline())["id"]


@KINDS
def test_an_event_is_accepted_and_worked_on_once(kind, tmp_path):
    first, second = registration(1), registration(2)
    with running(COMMANDS[kind](tmp_path), WEBHOOK_SECRET=CURRENT) as (url, process):
        answers = deliver(url, [CURRENT], first)
        answers += deliver(url, [CURRENT], first)
        answers += deliver(url, [CURRENT], second)

        ids = [worked_on(process) for _ in range(2)]

    assert answers == [Answered(200)] * 3
    assert ids == [first.id, second.id]


@KINDS
def test_a_repeat_is_recognised_after_a_restart(kind, tmp_path):
    first, last, second = registration(1), registration(2), registration(3)
    ids = []
    for events in ([first, last], [first, second]):
        command = COMMANDS[kind](tmp_path)
        with running(command, WEBHOOK_SECRET=CURRENT) as (url, process):
            for event in events:
                assert deliver(url, [CURRENT], event) == [Answered(200)]
                if ids.count(event.id) == 0:
                    ids += iter(lambda: worked_on(process), event.id)
                    ids.append(event.id)

    # The process was killed at its work on the last event, which may be repeated.
    assert ids.count(first.id) == 1


def test_the_address_is_printed_before_the_events_of_an_earlier_process(tmp_path):
    command = COMMANDS["python"](tmp_path)
    with running(command, WEBHOOK_SECRET=CURRENT) as (_url, _process):
        pass
    with closing(sqlite3.connect(tmp_path / "inbox.db")) as inbox, inbox:
        rows = [(f"id-{n}", b"{}", 0.0) for n in range(200)]
        inbox.executemany(
            "INSERT INTO events (id, body, received) VALUES (?, ?, ?)", rows
        )

    with running(command, WEBHOOK_SECRET=CURRENT) as (url, process):
        assert url.startswith("http://127.0.0.1:")
        assert worked_on(process) == "id-0"


@KINDS
def test_both_secrets_are_accepted_during_a_rotation(kind, tmp_path):
    secrets = f"{CURRENT} {NEXT}"
    with running(COMMANDS[kind](tmp_path), WEBHOOK_SECRET=secrets) as (url, _):
        for secret in (CURRENT, NEXT):
            assert deliver(url, [secret], registration()) == [Answered(200)]


@KINDS
def test_another_secret_is_answered_401(kind, tmp_path):
    with running(COMMANDS[kind](tmp_path), WEBHOOK_SECRET=NEXT) as (url, _):
        assert deliver(url, [CURRENT], registration()) == [Answered(401)]


@KINDS
def test_a_body_that_is_too_large_is_answered_413(kind, tmp_path):
    with running(COMMANDS[kind](tmp_path), WEBHOOK_SECRET=CURRENT) as (url, _):
        try:
            status = httpx.post(url, content=b" " * (1 << 20) + b" ").status_code
        except httpx.TransportError:
            # The receiver answers and closes before it has read everything.
            status = 413

    assert status == 413


@KINDS
def test_a_blank_secret_ends_the_program(kind, tmp_path):
    ran = subprocess.run(
        [str(word) for word in COMMANDS[kind](tmp_path)],
        env={"WEBHOOK_SECRET": " "},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert ran.returncode == 2
    assert "WEBHOOK_SECRET is not set" in ran.stderr


VERIFY = {
    "python": [
        *(sys.executable, "-c"),
        f"""
import json, sys
sys.path.insert(0, {str(KIT)!r})
from hokusai_receiver import InvalidSignatureError, verify
for case in json.load(sys.stdin):
    try:
        verify(case["secrets"], case["headers"], case["body"].encode(), case["now"])
        print("valid")
    except (InvalidSignatureError, ValueError) as error:
        print(type(error).__name__)
""",
    ],
    "node": [
        *(node(), "--input-type=module", "-e"),
        f"""
import {{ readFileSync }} from "node:fs";
import {{ verify }} from {(KIT / "hokusai-receiver.mjs").as_uri()!r};
for (const c of JSON.parse(readFileSync(0))) {{
  try {{
    verify(c.secrets, c.headers, Buffer.from(c.body), c.now);
    console.log("valid");
  }} catch (error) {{
    console.log(error.constructor.name);
  }}
}}
""",
    ],
}
BODY = '{"model":"北斎"}'
SENT = int(NOON.timestamp())


def case(*, now=SENT, secrets=(CURRENT,), body=BODY, signers=(CURRENT,), **headers):
    """Return one request, with headers in place of those that the controller sends."""
    keys = [key_of(secret) for secret in signers]
    made = standard_headers("id-1", NOON, BODY.encode(), keys)
    altered = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {k: v for k, v in (made | altered).items() if v is not None}
    return {"secrets": secrets, "headers": given, "body": body, "now": now}


def vector(secret, id_, seconds, body, signature):
    """Return one vector of the Standard Webhooks libraries."""
    headers = {
        "Webhook-Id": id_,
        "Webhook-Timestamp": str(seconds),
        "Webhook-Signature": signature,
    }
    return {"secrets": [secret], "headers": headers, "body": body, "now": seconds}


VALID = {
    "vector A": vector(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    "vector B": vector(
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        1674087231,
        '{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z",'
        '"data":{"id":"1f81eb52-5198-4599-803e-771906343485"}}',
        "v1,Inw/unYkpAh6Njpdz4O+hnN82xYMXQ6NjnZIQN/mzIQ=",
    ),
    "vector D": vector(
        "test_webhook_secret_for_development",
        "msg_1",
        1735689600,
        "{}",
        "v1,Qe1iUJdruXuAjnIL8HPZ9YeYiT5UYM8+bsVb4Pa56iM=",
    ),
    "as sent": case(),
    "old": case(now=SENT + 299),
    "early": case(now=SENT - 299),
    "first of two": case(signers=(CURRENT, NEXT)),
    "second of two": case(signers=(NEXT, CURRENT)),
    "second secret": case(secrets=(NEXT, CURRENT)),
    "other versions": case(
        webhook_signature=f"v1a,x  nothing {case()['headers']['webhook-signature']} "
    ),
}
INVALID = {
    "too old": case(now=SENT + 301),
    "too early": case(now=SENT - 301),
    "other secret": case(secrets=(NEXT,)),
    "no secret": case(secrets=()),
    "other body": case(body=BODY + " "),
    "other id": case(webhook_id="id-2"),
    "other time": case(webhook_timestamp=str(SENT + 1)),
    "no id": case(webhook_id=None),
    "no time": case(webhook_timestamp=None),
    "time is text": case(webhook_timestamp="now"),
    "no signature": case(webhook_signature=None),
    "empty signature": case(webhook_signature=""),
    "no version": case(webhook_signature=case()["headers"]["webhook-signature"][3:]),
    "long signature": case(webhook_signature="v1," + "A" * 10_000),
    "not ASCII": case(webhook_signature="v1,北斎"),
    "id is a path": case(webhook_id="../../etc/passwd"),
}


def verdicts(kind, cases):
    ran = subprocess.run(
        VERIFY[kind],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()


@KINDS
def test_genuine_requests_are_valid(kind):
    found = verdicts(kind, [*VALID.values()])

    assert dict(zip(VALID, found, strict=True)) == dict.fromkeys(VALID, "valid")


@KINDS
def test_every_other_request_is_invalid(kind):
    found = verdicts(kind, [*INVALID.values()])

    wanted = dict.fromkeys(INVALID, "InvalidSignatureError")
    assert dict(zip(INVALID, found, strict=True)) == wanted


@KINDS
@pytest.mark.parametrize("secret", ["", " ", "whsec_", "whsec_not base64"])
def test_a_mangled_secret_is_an_error_and_not_another_key(kind, secret):
    (found,) = verdicts(kind, [case(secrets=[secret])])

    assert found in {"ValueError", "Error"}


class Redis(ThreadingHTTPServer):
    """The part of a Redis with a REST API that the function uses."""

    def __init__(self):
        self.keys, self.fails = {}, False
        super().__init__(("127.0.0.1", 0), _Commands)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def run(self, command):
        name, key, *rest = command
        match name:
            case "GET":
                return self.keys.get(key)
            case "DEL":
                return int(self.keys.pop(key, None) is not None)
            case "SET" if "NX" in rest and key in self.keys:
                return None
        self.keys[key] = rest[0]
        return "OK"


class _Commands(BaseHTTPRequestHandler):
    def do_POST(self):
        command = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = json.dumps({"result": self.server.run(command)}).encode()
        status = 500 if self.server.fails else 200
        if self.headers["Authorization"] != "Bearer token":
            status = 401
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def redis():
    with Redis() as server:
        yield server
        server.shutdown()


def function(redis):
    """Run the Vercel function in a plain server of Node."""
    program = f"""
import {{ createServer }} from "node:http";
import handler from {(KIT / "vercel.mjs").as_uri()!r};
const server = createServer(handler).listen(0, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${{server.address().port}}/`));
"""
    command = [node(), "--input-type=module", "-e", program]
    settings = {"KV_REST_API_URL": redis.url, "KV_REST_API_TOKEN": "token"}
    return running(command, WEBHOOK_SECRET=CURRENT, **settings)


def test_the_function_works_on_an_event_once(redis):
    first, second = registration(1), registration(2)
    with function(redis) as (url, process):
        answers = [
            deliver(url, [CURRENT], event)[0] for event in (first, first, second)
        ]
        ids = [worked_on(process) for _ in range(2)]

    assert answers == [Answered(200)] * 3
    assert ids == [first.id, second.id]


def test_the_function_refuses_what_is_not_signed(redis):
    with function(redis) as (url, _):
        assert deliver(url, [NEXT], registration()) == [Answered(401)]

    assert redis.keys == {}


def test_the_function_asks_for_a_retry_while_another_one_works(redis):
    event = registration()
    redis.keys[f"hokusai-webhook:{event.id}"] = "claimed"
    with function(redis) as (url, _):
        assert deliver(url, [CURRENT], event) == [Answered(503, 60.0)]


def test_the_function_asks_for_a_retry_without_its_memory(redis):
    redis.fails = True
    with function(redis) as (url, _):
        assert deliver(url, [CURRENT], registration()) == [Answered(500)]


def test_work_that_fails_is_worked_on_again(redis):
    """A body that is signed and not JSON makes the function's work fail."""
    headers, _ = captured([CURRENT], registration())
    now = int(headers["webhook-timestamp"])
    signed = standard_headers("id-1", NOON.fromtimestamp(now, NOON.tzinfo), b"{", KEYS)
    with function(redis) as (url, _):
        status = httpx.post(url, content=b"{", headers=dict(signed)).status_code

    assert status == 500
    assert redis.keys == {}


KEYS = [key_of(CURRENT)]
