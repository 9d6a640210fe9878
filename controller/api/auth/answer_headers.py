"""Headers that the check of a caller adds to the answer, whichever route gives it.

A dependency of FastAPI sets headers of the answers that FastAPI makes. Errors, streams
and answers of other servers get them here.
"""

from collections.abc import Mapping

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATE, _KEY = "state", "answer_headers"


def add_headers(request: Request, headers: Mapping[str, str]) -> None:
    """Add headers to the answer of a request, unless the answer has them."""
    state = request.scope.setdefault(_STATE, {})
    state.setdefault(_KEY, {}).update(headers)


class AnswerHeaders:
    """Plain ASGI middleware: nothing is buffered, and no task is started."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The routes get copies of the scope, with the same state.
        state = scope.setdefault(_STATE, {})

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start" and (added := state.get(_KEY)):
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, completed)
