"""Deadline for a client to send its request.

uvicorn waits for the rest of a request for ever, so a client that stops halfway would
hold a connection until the server ends. See RFC 9110, section 15.5.9.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# From the first byte of a request, or the connection, to the last byte of its body.
REQUEST_SECONDS = 30.0
# Key of the ASGI scope that a handler sets to accept a longer request, as long as a
# part of it arrives within each deadline.
ACCEPTS_LONG_BODY = "hokusai.accepts_long_body"
_ENDED = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)
# States of a client that has not sent its whole request.
_SENDING = (h11.IDLE, h11.SEND_BODY)


class DeadlineProtocol(H11Protocol):
    """HTTP connection that ends if a request does not arrive within its deadline."""

    seconds = REQUEST_SECONDS
    _deadline: asyncio.TimerHandle | None = None
    _has_received = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the deadline of the first request."""
        super().connection_made(transport)
        self._follow()

    def data_received(self, data: bytes) -> None:
        """Handle what arrived; the deadline ends with the last byte of a request."""
        self._has_received = True
        self._follow(begins=True)
        super().data_received(data)
        self._follow(begins=False)

    def on_response_complete(self) -> None:
        """Start the deadline of a request that has begun to arrive meanwhile."""
        super().on_response_complete()
        self._follow(begins=bool(self.conn.trailing_data[0]))

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request; a handler that has begun sends nothing more."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the deadline."""
        self._stop()
        super().connection_lost(exc)

    def _follow(self, *, begins: bool = True) -> None:
        """Start the deadline if a request begins, and stop it once it is complete."""
        if self.conn.their_state not in _SENDING:
            self._stop()
        elif begins and self._deadline is None:
            self._start()

    def _start(self) -> None:
        self._has_received = False
        self._deadline = self.loop.call_later(self.seconds, self._expire)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expire(self) -> None:
        self._deadline = None
        if self._is_progressing():
            self._start()
            return
        # A handler that reads a body learns that its client has disconnected.
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self.transport.write(_ENDED)
        self.transport.close()

    def _is_progressing(self) -> bool:
        """Return True if a long body is accepted and the client does not delay it."""
        is_body = self.conn.their_state is h11.SEND_BODY
        if not is_body or not self.scope.get(ACCEPTS_LONG_BODY):
            return False
        # The client cannot send while the handler does not read.
        return self._has_received or self.flow.read_paused
