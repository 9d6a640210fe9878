"""AWS as it answers whoever may not: a relay that refuses some calls, and passes others.

The errors are those of botocore's model: their code stands where each protocol has it.
"""

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_ACTION = re.compile(r"(?:^|&)Action=(\w+)")


class Refusing(ThreadingHTTPServer):
    """Refuses calls whose operation matches a pattern.

    Attributes:
        refused: The code and the message of each pattern.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.refused: dict[str, tuple[str, str]] = {}

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    def refusal(self, operation: str) -> tuple[str, str] | None:
        """Return why ``operation`` is refused; None if it is not."""
        for pattern, why in self.refused.items():
            if fnmatchcase(operation, pattern):
                return why
        return None


class _Handler(BaseHTTPRequestHandler):
    server: Refusing

    def do_POST(self) -> None:
        """Refuse the call, or pass it on."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target = self.headers.get("x-amz-target", "")
        named = _ACTION.search(body.decode("utf-8", "replace"))
        operation = target.rpartition(".")[2] or (named[1] if named else "")
        why = self.server.refusal(operation)
        if why is None:
            self._pass_on(body)
        elif target:
            told = {"__type": why[0], "message": why[1]}
            self._answer(400, "application/x-amz-json-1.1", json.dumps(told).encode())
        else:
            error = f"<Error><Code>{why[0]}</Code><Message>{why[1]}</Message></Error>"
            whole = f"<ErrorResponse>{error}</ErrorResponse>"
            self._answer(403, "text/xml", whole.encode())

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def _pass_on(self, body: bytes) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
        asked = urllib.request.Request(
            self.server.behind + self.path, body or None, headers, method=self.command
        )
        try:
            with urllib.request.urlopen(asked) as answer:
                told = answer.status, answer.headers.get("content-type", "")
                self._answer(*told, answer.read())
        except urllib.error.HTTPError as error:
            told = error.code, error.headers.get("content-type", "")
            self._answer(*told, error.read())

    def _answer(self, status: int, type_: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", type_)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def refusing(behind: str) -> Iterator[Refusing]:
    """Yield a relay to the AWS at ``behind``."""
    with Refusing(behind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
