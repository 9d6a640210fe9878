"""The controller's own small port: is it alive, what does it count, look again now.

aiohttp is in the process already, for webhooks; the API service's framework would
double its memory.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from controller.api.bearer import is_bearer_of
from controller.api.hints import BODY_WITHIN, MAX_BODY, HintReceiver


@dataclass(frozen=True, slots=True)
class ProcessState:
    """State of the process for the probe port, and its one request.

    Attributes:
        stuck: Returns the reason why only a restart helps; empty if none is needed.
        waits_for: Returns the reason why this process does not reconcile; empty if it
            does.
        metrics: Returns the metrics in Prometheus' text format.
        wake: Requests a pass.
        key: API key that a request for a pass must carry; None if it needs none.
        hints: Receiver of MLflow's webhook; None without one.
    """

    stuck: Callable[[], str]
    waits_for: Callable[[], str]
    metrics: Callable[[], str]
    wake: Callable[[], None]
    key: str | None = None
    hints: HintReceiver | None = None


def probes_app(probed: ProcessState) -> web.Application:
    """Return the application behind the port."""

    async def live(_request: web.Request) -> web.Response:
        if reason := probed.stuck():
            return web.Response(text=f"{reason}\n", status=503)
        return web.Response(text="alive\n")

    async def ready(_request: web.Request) -> web.Response:
        if reason := probed.waits_for():
            return web.Response(text=f"{reason}\n", status=503)
        return web.Response(text="leading\n")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(text=probed.metrics(), content_type="text/plain")

    async def reconcile(request: web.Request) -> web.Response:
        if not _may(request, probed.key):
            return web.Response(text="a key is needed\n", status=401)
        probed.wake()
        return web.Response(text="a pass comes now\n", status=202)

    async def hint(request: web.Request) -> web.Response:
        return await _hint(request, probed.hints)

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_get("/live", live)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_post("/reconcile", reconcile)
    app.router.add_post("/hints/mlflow", hint)
    return app


async def serving(
    app: web.Application, host: str, port: int, stop: asyncio.Event
) -> None:
    """Serve ``app`` until ``stop`` is set.

    Raises:
        OSError: the port is taken.
    """
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await stop.wait()
    finally:
        await runner.cleanup()


async def _hint(request: web.Request, receiver: HintReceiver | None) -> web.Response:
    if receiver is None:
        return web.Response(text="no hint is declared\n", status=404)
    try:
        async with asyncio.timeout(BODY_WITHIN.total_seconds()):
            body = await request.read()
    except TimeoutError:
        return web.Response(text="the request did not arrive in time\n", status=408)
    headers = {name.lower(): value for name, value in request.headers.items()}
    status, text = await receiver.answer(headers, body)
    return web.Response(text=f"{text}\n", status=status)


def _may(request: web.Request, key: str | None) -> bool:
    if key is None:
        return True
    # aiohttp decodes headers as UTF-8, and keeps other bytes as surrogates.
    given = request.headers.get("authorization", "").encode(errors="surrogateescape")
    return is_bearer_of(given, key)
