"""The controller's own small port: is it alive, what does it count, look again now.

aiohttp is in the process already, for webhooks; the API service's framework would
double its memory.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from controller.api.bearer import is_bearer_of
from controller.core.clock import Clock

# A pass may be late by this many intervals before the controller counts as stuck.
_LATE = 3
_LEAST = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ProcessState:
    """Content of the probe port, and what it sets off.

    Attributes:
        last_pass: Returns when the last pass was completed, by ``clock.monotonic``.
        interval: Returns the time between passes.
        leading: Returns whether this process holds the lease.
        metrics: Returns the metrics in Prometheus' text format.
        wake: Asks for a pass.
        key: What a caller must show to ask for one; None if anybody may.
    """

    last_pass: Callable[[], float]
    interval: Callable[[], timedelta]
    leading: Callable[[], bool]
    metrics: Callable[[], str]
    wake: Callable[[], None]
    key: str | None = None


def probes_app(probed: ProcessState, clock: Clock) -> web.Application:
    """Return the application behind the port."""

    async def live(_request: web.Request) -> web.Response:
        limit = max(probed.interval() * _LATE, _LEAST).total_seconds()
        late = clock.monotonic() - probed.last_pass()
        if probed.leading() and late > limit:
            text = f"no pass was completed for {late:.0f} s\n"
            return web.Response(text=text, status=503)
        return web.Response(text="alive\n")

    async def ready(_request: web.Request) -> web.Response:
        if probed.leading():
            return web.Response(text="leading\n")
        return web.Response(text="waiting for the lease\n", status=503)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(text=probed.metrics(), content_type="text/plain")

    async def reconcile(request: web.Request) -> web.Response:
        if not _may(request, probed.key):
            return web.Response(text="a key is needed\n", status=401)
        probed.wake()
        return web.Response(text="a pass comes now\n", status=202)

    app = web.Application()
    app.router.add_get("/live", live)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", metrics)
    app.router.add_post("/reconcile", reconcile)
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


def _may(request: web.Request, key: str | None) -> bool:
    if key is None:
        return True
    # aiohttp decodes headers as UTF-8, and keeps other bytes as surrogates.
    given = request.headers.get("authorization", "").encode(errors="surrogateescape")
    return is_bearer_of(given, key)
