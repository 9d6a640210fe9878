"""The ``local`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    import threading
    from types import FrameType

SUMMARY = "Run a complete platform on this machine and apply the document to it."
GROUP = Group.PLATFORM
LONG_RUNNING = True
EXIT_CODES = exit_codes.DONE
_REFRESH_SECONDS = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``local``."""
    options.file(parser)
    parser.add_argument(
        "--once",
        action="store_true",
        help="stop everything and exit as soon as the platform has converged",
    )
    options.state(parser)
    options.timeout(parser, 300.0, "with --once: maximum time to wait")


def run(args: argparse.Namespace) -> int:
    """Start the platform, show its status, and stop everything at the end."""
    import threading

    from controller.bootstrap.environment import LOCAL_STATE
    from controller.cli.next_command import platform_options
    from controller.cli.terminal import tell
    from controller.cli.views.live import LiveTable, suggestions
    from controller.clients.clock import SystemClock
    from controller.local.platform import LocalRun

    clock = SystemClock()
    began = clock.monotonic()
    stop = threading.Event()
    _stop_on_signals(stop)
    local = LocalRun(args.file, args.state or args.file.parent / LOCAL_STATE)
    args.environment = "local"
    tell(f"The controller writes its log to {local.log_file}.")
    with local, LiveTable(clock) as table:
        converged = False
        while not stop.wait(_REFRESH_SECONDS):
            elapsed = clock.monotonic() - began
            table.show(local.statuses(), elapsed)
            if not converged and local.converged():
                converged = True
                table.say(f"Every resource is ready after {elapsed:.1f} s.")
                if args.once:
                    break
                table.say(
                    suggestions(
                        local.environment(),
                        local.names(),
                        local.fronts(),
                        platform_options(args),
                    )
                )
            if args.once and elapsed > args.timeout:
                break
        table.say("Stopping everything …")
    if args.once and not converged:
        tell(f"Not every resource became ready within {args.timeout:.0f} s.")
        return exit_codes.Exit.FAILED
    return exit_codes.Exit.OK


def _stop_on_signals(stop: threading.Event) -> None:
    """Stop in order at the first signal, and at once at the second."""
    import signal

    def received(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, received)
