"""A webhook receiver that checks signatures and counts what comes twice.

    python -m controller.emulation.receiver --port 9000 --state deliveries.jsonl

The secret is read from WEBHOOK_SECRET. ``GET /deliveries`` answers what has come; ``POST /faults`` with
``{"status": 503, "times": 2}`` lets the next two deliveries fail. Any other
POST is a delivery. Accepted deliveries are lines of a file, so that a receiver
that is started again still knows what is a duplicate.
"""

import argparse
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from controller.clients.clock import SystemClock
from controller.core.clock import Clock
from controller.core.webhooks.signature import SIGNATURE_HEADER, hokusai_verified
from controller.emulation.loopback import require_loopback

_MOST_BYTES = 10 << 20
# How soon the listening thread notices that it is to end.
_POLL = 0.05


class ReceivedWebhooks:
    """What has been delivered. Safe for threads.

    Attributes:
        rejected: How many deliveries had no valid signature.
    """

    def __init__(self, secret: bytes, state: Path | None = None) -> None:
        self.rejected = 0
        self._secret = secret
        self._state = state
        self._lock = threading.Lock()
        self._faults: list[int] = []
        self._deliveries: list[dict[str, Any]] = _read_lines(state)

    def fail_next(self, status: int, times: int) -> None:
        """Answer the next deliveries with ``status`` and record nothing."""
        with self._lock:
            self._faults += [status] * times

    def take(self, path: str, given: str, body: bytes, at: datetime) -> int:
        """Take a delivery with the signature given; return the HTTP status."""
        genuine = hokusai_verified((self._secret,), body, given)
        with self._lock:
            if self._faults:
                return self._faults.pop(0)
            if not genuine:
                self.rejected += 1
                return 401
            return self._record(path, body, at)

    def _record(self, path: str, body: bytes, at: datetime) -> int:
        try:
            payload = json.loads(body)
            key = payload.get("idempotency_key")
        except (ValueError, AttributeError):
            return 400
        delivery = {
            "idempotency_key": key,
            "path": path,
            "received_at": at.isoformat(),
            "body": payload,
        }
        self._deliveries.append(delivery)
        if self._state is not None:
            with self._state.open("a") as file:
                file.write(json.dumps(delivery) + "\n")
        return 200

    def report(self) -> dict[str, Any]:
        """Return counts and the deliveries; duplicates are repeats of a key."""
        with self._lock:
            keys = Counter(d["idempotency_key"] for d in self._deliveries)
            return {
                "received": len(self._deliveries),
                "duplicates": sum(count - 1 for count in keys.values()),
                "rejected": self.rejected,
                "deliveries": list(self._deliveries),
            }


def _read_lines(state: Path | None) -> list[dict[str, Any]]:
    if state is None or not state.exists():
        return []
    # The last line may be half written if the receiver was killed.
    whole = state.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


class WebhookReceiver:
    """An HTTP server around an inbox, in a thread of its own.

    Attributes:
        inbox: What has been delivered.
    """

    def __init__(
        self,
        secret: str,
        *,
        state: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.inbox = ReceivedWebhooks(secret.encode(), state)
        address = (require_loopback(host), port)
        self._server = _Server(address, self.inbox, clock or SystemClock())
        serve = partial(self._server.serve_forever, _POLL)
        self._thread = threading.Thread(target=serve, daemon=True)

    @property
    def url(self) -> str:
        """Where to deliver to."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    """The HTTP server of one inbox."""

    daemon_threads = True

    def __init__(
        self, address: tuple[str, int], inbox: ReceivedWebhooks, clock: Clock
    ) -> None:
        self.inbox = inbox
        self.clock = clock
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the server's inbox."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if self.path in {"/deliveries", "/health"}:
            self._reply(200, self.server.inbox.report())
        else:
            self._reply(404, {"error": "only /deliveries is here"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MOST_BYTES:
            self.close_connection = True
            self._reply(413, {"error": "the body is too large"})
            return
        body = self.rfile.read(length)
        if self.path == "/faults":
            self._set_faults(body)
            return
        given = self.headers.get(SIGNATURE_HEADER, "")
        now = self.server.clock.now()
        status = self.server.inbox.take(self.path, given, body, now)
        self._reply(status, {"status": status})

    def _set_faults(self, body: bytes) -> None:
        try:
            fault = json.loads(body)
            status, times = int(fault["status"]), int(fault.get("times", 1))
        except (ValueError, KeyError, TypeError) as error:
            self._reply(400, {"error": str(error)})
        else:
            self.server.inbox.fail_next(status, times)
            self._reply(200, {})

    def _reply(self, status: int, answer: Mapping[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a request is not news."""


def main() -> None:
    """Run a receiver until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="Receive and check webhooks.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--secret-env", default="WEBHOOK_SECRET")
    parser.add_argument("--state", type=Path)
    arguments = parser.parse_args()
    secret = os.environ.get(arguments.secret_env)
    if not secret:
        parser.error(f"{arguments.secret_env} is not set: the secret is read from it")
    receiver = WebhookReceiver(
        secret, state=arguments.state, host=arguments.host, port=arguments.port
    )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with receiver:
        print(receiver.url, flush=True)  # noqa: T201 - the data of this command
        ended.wait()


if __name__ == "__main__":
    main()
