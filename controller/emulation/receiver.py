"""A webhook receiver that checks signatures and counts duplicates.

    python -m controller.emulation.receiver --port 9000 --state deliveries.jsonl

The secret is read from WEBHOOK_SECRET. ``GET /deliveries`` returns all deliveries.
``POST /faults`` with ``{"status": 503, "times": 2}`` makes the next two deliveries
fail. Any other POST is a delivery. Accepted deliveries are lines of a file, so that a
restarted receiver still recognises duplicates.
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
from controller.core.errors import PermanentError
from controller.core.webhooks.signature import (
    SIGNATURE_HEADER,
    hokusai_verified,
    key_of,
)
from controller.emulation.loopback import require_loopback

_MAX_BYTES = 10 << 20
# Seconds until the listening thread notices a shutdown.
_POLL = 0.05


class ReceivedWebhooks:
    """Accepted deliveries. Thread-safe.

    Attributes:
        rejected: Number of deliveries without a valid signature.
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

    def receive(
        self, path: str, signature: str, body: bytes, at: datetime, id_: str = ""
    ) -> int:
        """Check and record a delivery; return the HTTP status.

        Args:
            path: Path of the request.
            signature: Value of X-Hokusai-Signature.
            body: Body.
            at: Time of the request.
            id_: Id of the event in the headers, for payloads that contain none.
        """
        valid = hokusai_verified((self._secret,), body, signature)
        with self._lock:
            if self._faults:
                return self._faults.pop(0)
            if not valid:
                self.rejected += 1
                return 401
            return self._record(path, body, at, id_)

    def _record(self, path: str, body: bytes, at: datetime, id_: str) -> int:
        try:
            payload = json.loads(body)
            key = payload.get("idempotency_key") or id_
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
        """Return all deliveries and their counts; duplicates are repeated keys."""
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
    # The last line may be incomplete if the receiver was killed.
    complete = state.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in complete.splitlines()]


class WebhookReceiver:
    """HTTP server of an inbox, in its own thread.

    Attributes:
        inbox: Accepted deliveries.
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
        self.inbox = ReceivedWebhooks(key_of(secret), state)
        address = (require_loopback(host), port)
        self._server = _Server(address, self.inbox, clock or SystemClock())
        serve = partial(self._server.serve_forever, _POLL)
        self._thread = threading.Thread(target=serve, daemon=True)

    @property
    def url(self) -> str:
        """URL for deliveries."""
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
    """Request handler of the server's inbox."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if self.path in {"/deliveries", "/health"}:
            self._reply(200, self.server.inbox.report())
        else:
            self._reply(404, {"error": f"{self.path} does not exist: use /deliveries"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BYTES:
            self.close_connection = True
            self._reply(413, {"error": "the body is too large"})
            return
        body = self.rfile.read(length)
        if self.path == "/faults":
            self._set_faults(body)
            return
        signature = self.headers.get(SIGNATURE_HEADER, "")
        now = self.server.clock.now()
        id_ = self.headers.get("webhook-id", "")
        status = self.server.inbox.receive(self.path, signature, body, now, id_)
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
        """Log nothing."""


def main() -> None:
    """Run a receiver until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="Receive and check webhooks.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--secret-env", default="WEBHOOK_SECRET")
    parser.add_argument("--state", type=Path)
    arguments = parser.parse_args()
    secret = os.environ.get(arguments.secret_env, "")
    if not secret.strip():
        parser.error(f"{arguments.secret_env} is not set: set it to the secret")
    try:
        receiver = WebhookReceiver(
            secret.strip(),
            state=arguments.state,
            host=arguments.host,
            port=arguments.port,
        )
    except PermanentError as error:
        parser.error(f"{arguments.secret_env} is not valid: {error}")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with receiver:
        print(receiver.url, flush=True)  # noqa: T201 - output of this command
        stop.wait()


if __name__ == "__main__":
    main()
