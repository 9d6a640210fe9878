"""Threads that never keep a process from ending."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def started_thread(name: str, work: Callable[[], object]) -> threading.Thread:
    """Return a started thread that ends with the process."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


async def in_thread(name: str, work: Callable[[], T]) -> T:
    """Return the result of ``work``, done in a thread of its own.

    ``asyncio.to_thread`` has few threads, and the end of the loop waits for them; a
    backend that does not answer would occupy them all.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle(set_: Callable[[], None]) -> None:
        if not result.done():
            set_()

    def run() -> None:
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            problem = error
            end = lambda: settle(lambda: result.set_exception(problem))  # noqa: E731
        else:
            end = lambda: settle(lambda: result.set_result(value))  # noqa: E731
        # The loop may have ended with the process.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(end)

    started_thread(name, run)
    return await result


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return the result of ``work``, or None if ``event`` is set before."""
    doing = asyncio.create_task(work)
    waiting = asyncio.create_task(event.wait())
    await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if doing.done():
        return doing.result()
    doing.cancel()
    return None
