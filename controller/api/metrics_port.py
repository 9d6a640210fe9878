"""Port of the API's metrics, apart from the public one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from controller.api.request_deadline import DeadlineProtocol

# https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class MetricsPort:
    """Port on which metrics are served, apart from the public one.

    Attributes:
        host: Address to listen on.
        port: Port to listen on.
        text: Returns the metrics in the text format of Prometheus.
    """

    host: str
    port: int
    text: Callable[[], bytes]


@asynccontextmanager
async def serving_metrics(where: MetricsPort) -> AsyncIterator[None]:
    """Serve ``/metrics`` until the block ends.

    Raises:
        OSError: The port is in use.
    """
    config = uvicorn.Config(
        _metrics_app(where.text), log_config=None, access_log=False, lifespan="off"
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: DeadlineProtocol(config, state, {}), where.host, where.port
    )
    try:
        yield
    finally:
        server.close()
        for connection in tuple(state.connections):
            connection.shutdown()


def _metrics_app(text: Callable[[], bytes]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/metrics":
            response = Response("not found\n", 404)
        elif scope["method"] not in {"GET", "HEAD"}:
            response = Response("use GET\n", 405, {"allow": "GET, HEAD"})
        else:
            response = Response(text(), media_type=_PROMETHEUS)
        await response(scope, receive, send)

    return app
