"""moto's server application, for every AWS service except ECS."""

import json
import os
from io import BytesIO
from threading import RLock
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from controller.core.clock import Clock
from controller.emulation.ecs.faults import CallFault, Faults
from controller.emulation.http_reply import Environ, Reply, json_reply, read_body

_LONG_POLL = "AmazonSQS.ReceiveMessage"
_POLL_SECONDS = 0.05
_MAX_WAIT_SECONDS = 20
_FORM = "application/x-www-form-urlencoded"


class MotoApplication:
    """Application that serves one request at a time: moto is not thread-safe."""

    def __init__(self, lock: RLock, clock: Clock, faults: Faults) -> None:
        # Without this, EC2's backend parses megabytes of machine images first.
        os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        from moto.moto_api._internal.models import moto_api_backend
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )

        moto_api_backend.reset()
        self._application = DomainDispatcherApplication(create_backend_app)
        self._lock = lock
        self._clock = clock
        self._faults = faults

    def answer(self, environ: Environ) -> Reply | None:
        """Answer a request, and apply the fault of its operation; None if dropped."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        form = environ.get("CONTENT_TYPE", "").startswith(_FORM)
        if not target and not form:
            return self._carry_out(environ)
        body = read_body(environ)
        with self._lock:
            fault = self._faults.of_call(operation_of(target, body))
        if fault in {CallFault.THROTTLE, CallFault.SERVER_ERROR}:
            return fault_reply(fault, as_json=bool(target))
        if fault is CallFault.TIMEOUT:
            return None
        if target == _LONG_POLL:
            reply = self._poll(environ, body)
        else:
            reply = self._carried_out(environ, target, body)
        return None if fault is CallFault.LOST_REPLY else reply

    def _carried_out(self, environ: Environ, target: str, body: bytes) -> Reply:
        """Carry out an operation; one that moto does not implement is refused."""
        try:
            return self._carry_out(_with_body(environ, body))
        except NotImplementedError:
            name = operation_of(target, body)
            message = f"The emulation does not implement {name}."
            return error_reply(400, "InvalidAction", message, as_json=bool(target))

    def _carry_out(self, environ: Environ) -> Reply:
        from werkzeug.test import run_wsgi_app

        with self._lock:
            chunks, status, headers = run_wsgi_app(
                self._application, environ, buffered=True
            )
            content = b"".join(chunks)
        return Reply(int(status.split()[0]), content, tuple(headers))

    def _poll(self, environ: Environ, body: bytes) -> Reply:
        """Receive messages with a long poll that does not hold the lock.

        moto would sleep inside the call and block every other request.
        """
        request = json.loads(body)
        seconds = min(request.get("WaitTimeSeconds") or 0, _MAX_WAIT_SECONDS)
        at_once = json.dumps(request | {"WaitTimeSeconds": 0}).encode()
        deadline = self._clock.monotonic() + seconds
        while True:
            reply = self._carry_out(_with_body(environ, at_once))
            expired = self._clock.monotonic() >= deadline
            if expired or b'"Messages"' in reply.body or reply.status >= 400:  # noqa: PLR2004
                return reply
            self._clock.sleep(_POLL_SECONDS)


def _with_body(environ: Environ, body: bytes) -> Environ:
    """Return a request with a body that can be read again."""
    return environ | {
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }


def operation_of(target: str, body: bytes) -> str:
    """Return the name of the operation, from the header or the form."""
    if target:
        return target.rpartition(".")[2]
    return parse_qs(body.decode(errors="replace")).get("Action", [""])[0]


def fault_reply(fault: CallFault, *, as_json: bool) -> Reply:
    """Return AWS's error response in the protocol of the service."""
    if fault is CallFault.THROTTLE:
        code = "ThrottlingException" if as_json else "Throttling"
        return error_reply(400, code, "Rate exceeded", as_json=as_json)
    return error_reply(500, "InternalFailure", "Service Unavailable.", as_json=as_json)


def error_reply(status: int, code: str, message: str, *, as_json: bool) -> Reply:
    """Return an error as AWS's JSON protocol or its query protocol writes it."""
    if as_json:
        body = {"__type": code, "message": message}
        return json_reply(status, body, "application/x-amz-json-1.1")
    text = (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        "</Error><RequestId>refused</RequestId></ErrorResponse>"
    )
    return Reply(status, text.encode(), (("Content-Type", "text/xml"),))
