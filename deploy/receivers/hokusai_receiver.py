"""Receiver of Hokusai's webhooks: one file, without dependencies, Python 3.9 or later.

Use it as a program:

    WEBHOOK_SECRET=… python hokusai_receiver.py --port 8088 --database inbox.db

or copy ``verify`` and ``Inbox`` into a web application. It does three things:

1. Verify: the signature of the raw body, and its time. Parse the body only after that.
2. Recognise repeats: deliveries are repeated after failures, with the same id. The id
   and the body are stored in one transaction.
3. Answer at once: the work is done after the answer, from the stored events. An event
   whose work fails is worked on again.

The secret may be one of Standard Webhooks (``whsec_…``) or any other text. While it is
rotated, set both, separated by a space: ``WEBHOOK_SECRET="current next"``.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Seconds between the time of a request and the clock of this machine, at most.
TOLERANCE = 300
MAX_BYTES = 1 << 20
# Seconds until a request that does not arrive is given up.
_READ_SECONDS = 10
_RETRY_SECONDS = 5.0
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class InvalidSignatureError(Exception):
    """The request was not signed with a secret, was changed, or is too old."""


def key_of(secret: str) -> bytes:
    """Return the key of a secret; raises ValueError if it is empty or mangled."""
    text = secret.strip()
    try:
        is_encoded = text.startswith("whsec_")
        key = base64.b64decode(text[6:], validate=True) if is_encoded else text.encode()
    except binascii.Error:
        key = b""
    if not key:
        message = "a secret is text, or whsec_ and base64"
        raise ValueError(message)
    return key


def verify(
    secrets: Iterable[str], headers: Mapping[str, str], body: bytes, now: float
) -> str:
    """Return the id of the event in a request.

    Args:
        secrets: Current secret, and others while it is rotated.
        headers: Headers of the request; the case of their names does not matter.
        body: Body exactly as it was received.
        now: Time in seconds since 1970.

    Raises:
        InvalidSignatureError: The request must be answered with 401 and not be used.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    id_, sent = lower.get("webhook-id", ""), lower.get("webhook-timestamp", "")
    if not _ID.fullmatch(id_) or not re.fullmatch("[0-9]{1,12}", sent):
        message = "webhook-id or webhook-timestamp is missing or invalid"
        raise InvalidSignatureError(message)
    if abs(now - int(sent)) > TOLERANCE:
        message = "the request is too old, or a clock is wrong"
        raise InvalidSignatureError(message)
    signed = f"{id_}.{sent}.".encode() + body
    given = lower.get("webhook-signature", "").encode().split(b" ")
    for secret in secrets:
        made = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
        wanted = b"v1," + base64.b64encode(made)
        if any(hmac.compare_digest(wanted, signature) for signature in given):
            return id_
    message = "no signature matches"
    raise InvalidSignatureError(message)


class Inbox:
    """Stored events, in a file of SQLite. Thread-safe.

    Args:
        file: Path of the file.
    """

    def __init__(self, file: str) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(file, check_same_thread=False)
        with self._lock, self._database:
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY,"
                " body BLOB NOT NULL, received REAL NOT NULL, done REAL)"
            )

    def add(self, id_: str, body: bytes, now: float) -> bool:
        """Store an event; return False if it was stored before."""
        with self._lock, self._database:
            inserted = self._database.execute(
                "INSERT OR IGNORE INTO events (id, body, received) VALUES (?, ?, ?)",
                (id_, body, now),
            )
            return inserted.rowcount == 1

    def pending(self) -> list[tuple[str, bytes]]:
        """Return the events that are not worked on, oldest first."""
        with self._lock:
            return self._database.execute(
                "SELECT id, body FROM events WHERE done IS NULL ORDER BY received"
            ).fetchall()

    def finish(self, id_: str, now: float) -> None:
        """Record that the work on an event is done."""
        with self._lock, self._database:
            self._database.execute(
                "UPDATE events SET done = ? WHERE id = ?", (now, id_)
            )


class Worker(threading.Thread):
    """Thread that works on stored events, and again on those that failed.

    Args:
        inbox: Stored events.
        work: Function of one event; it may be called twice after a crash.
    """

    def __init__(self, inbox: Inbox, work: Callable[[str, bytes], None]) -> None:
        super().__init__(daemon=True)
        self._inbox = inbox
        self._work = work
        self._woken = threading.Event()

    def wake(self) -> None:
        """Look for events now."""
        self._woken.set()

    def run(self) -> None:
        """Work until the end of the process."""
        while True:
            self._woken.clear()
            for id_, body in self._inbox.pending():
                try:
                    self._work(id_, body)
                except Exception as error:  # noqa: BLE001 - the event stays stored
                    print(f"event {id_} failed: {error}", file=sys.stderr, flush=True)
                else:
                    self._inbox.finish(id_, time.time())
            self._woken.wait(_RETRY_SECONDS)


def work(id_: str, body: bytes) -> None:
    """Print one event. Replace this function."""
    print(json.dumps({"id": id_, "event": json.loads(body)}), flush=True)


def server(
    address: tuple[str, int], secrets: tuple[str, ...], inbox: Inbox, worker: Worker
) -> ThreadingHTTPServer:
    """Return a server that verifies and stores events."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _READ_SECONDS

        def do_POST(self) -> None:
            self.close_connection = True
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal():
                return self._answer(411, "Content-Length is required")
            if int(length) > MAX_BYTES:
                return self._answer(413, "the body is too large")
            body = self.rfile.read(int(length))
            try:
                id_ = verify(secrets, dict(self.headers.items()), body, time.time())
            except InvalidSignatureError as error:
                return self._answer(401, str(error))
            is_first = inbox.add(id_, body, time.time())
            worker.wake()
            return self._answer(200, "accepted" if is_first else "repeat")

        def _answer(self, status: int, text: str) -> None:
            content = json.dumps({"message": text}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing: the worker prints the events."""

    return ThreadingHTTPServer(address, Handler)


def main() -> None:
    """Serve until the process ends."""
    parser = argparse.ArgumentParser(description="Receive webhooks of Hokusai.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8088)
    parser.add_argument("--database", default="inbox.db")
    arguments = parser.parse_args()
    secrets = tuple(os.environ.get("WEBHOOK_SECRET", "").split())
    if not secrets:
        parser.error("WEBHOOK_SECRET is not set: set it to the secret of the target")
    for secret in secrets:
        key_of(secret)
    inbox = Inbox(arguments.database)
    worker = Worker(inbox, work)
    with server((arguments.host, arguments.port), secrets, inbox, worker) as http:
        host, port = http.server_address[:2]
        print(f"http://{host}:{port}/", flush=True)
        # The events of an earlier process are worked on after the address is printed.
        worker.start()
        http.serve_forever()


if __name__ == "__main__":
    main()
