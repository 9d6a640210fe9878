"""Count what is answered, without touching requests or answers."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.telemetry.metrics import API_REQUESTS, Counter


class RequestMetrics:
    """Plain ASGI: nothing is buffered, and no task is started."""

    def __init__(self, app: ASGIApp, metrics: Counter) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                kind = f"{message['status'] // 100}xx"
                self._metrics.count(API_REQUESTS, status=kind)
            await send(message)

        await self._app(scope, receive, counted)
