"""Serve the application until a signal says stop; a second one means at once."""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

import uvicorn
from fastapi import FastAPI

from controller.api.metrics_port import MetricsPort, serving_metrics
from controller.api.request_deadline import DeadlineProtocol

log = logging.getLogger(__name__)

_GRACE_SECONDS = 20
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def serve(
    app: FastAPI,
    host: str,
    port: int,
    *,
    started: Callable[[int], None] = lambda _port: None,
    stopping: Callable[[], None] = lambda: None,
    metrics: MetricsPort | None = None,
) -> None:
    """Serve ``app`` and return after a signal, when every request was answered.

    Args:
        app: What is served.
        host: Where to listen.
        port: Where to listen; 0 for any that is free.
        started: Called with the port once requests are accepted.
        stopping: Called at the first signal.
        metrics: Port of the metrics; None for none. The log has a warning if it is in
            use.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        http=DeadlineProtocol,
        server_header=False,
        # uvicorn would believe any X-Forwarded-For from this machine; see
        # `core/access/client_address.py`.
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    asyncio.run(_Server(config, app, started, stopping).main(metrics))


class _Server(uvicorn.Server):
    """uvicorn, which would raise the signal again after it has obeyed it."""

    def __init__(
        self,
        config: uvicorn.Config,
        app: FastAPI,
        started: Callable[[int], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._application = app
        self._tell_started = started
        self._tell_stopping = stopping

    async def main(self, metrics: MetricsPort | None) -> None:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._stop)
        async with AsyncExitStack() as closing:
            if metrics is not None:
                try:
                    await closing.enter_async_context(serving_metrics(metrics))
                except OSError as error:
                    log.warning("no metrics port", extra={"error": str(error)})
            await self.serve()

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self._tell_started(self.servers[0].sockets[0].getsockname()[1])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to ``main``: a clean end is exit code 0."""
        yield

    def _stop(self) -> None:
        if not self.should_exit:
            self._tell_stopping()
        self._application.state.draining = True
        self.force_exit = self.should_exit
        self.should_exit = True
