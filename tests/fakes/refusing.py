"""A relay to an AWS that refuses some calls, as for a caller without permissions.

Each error has its code where the protocol of the service has it.
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
        refused: Code and message by pattern of operation names.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = behind
        self.refused: dict[str, tuple[str, str]] = {}

    @property
    def url(self) -> str:
        """URL of the relay."""
        return f"http://127.0.0.1:{self.server_port}"

    def refusal(self, operation: str) -> tuple[str, str] | None:
        """Return the code and message for ``operation``; None if it passes."""
        for pattern, why in self.refused.items():
            if fnmatchcase(operation, pattern):
                return why
        return None


class _Handler(BaseHTTPRequestHandler):
    server: Refusing

    def do_POST(self) -> None:
        """Refuse the call, or forward it."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        target = self.headers.get("x-amz-target", "")
        named = _ACTION.search(body.decode("utf-8", "replace"))
        operation = target.rpartition(".")[2] or (named[1] if named else "")
        why = self.server.refusal(operation)
        if why is None:
            self._forward(body)
        elif target:
            answer = {"__type": why[0], "message": why[1]}
            content = json.dumps(answer).encode()
            self._answer(400, "application/x-amz-json-1.1", content)
        else:
            error = f"<Error><Code>{why[0]}</Code><Message>{why[1]}</Message></Error>"
            document = f"<ErrorResponse>{error}</ErrorResponse>"
            self._answer(403, "text/xml", document.encode())

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""

    def _forward(self, body: bytes) -> None:
        headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
        request = urllib.request.Request(
            self.server.behind + self.path, body or None, headers, method=self.command
        )
        try:
            with urllib.request.urlopen(request) as answer:
                content_type = answer.headers.get("content-type", "")
                self._answer(answer.status, content_type, answer.read())
        except urllib.error.HTTPError as error:
            content_type = error.headers.get("content-type", "")
            self._answer(error.code, content_type, error.read())

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
