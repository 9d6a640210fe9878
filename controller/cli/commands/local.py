"""``local``: a whole platform on this machine."""

import argparse
import signal
import threading
from types import FrameType

from controller.cli.exit_codes import Exit
from controller.cli.next_command import again
from controller.cli.terminal import tell
from controller.cli.views.live import Table, what_next

_LOOK_SECONDS = 0.5


def run(args: argparse.Namespace) -> int:
    """Start everything, show how it does, and stop everything at the end."""
    from controller.bootstrap.environment import LOCAL_STATE
    from controller.bootstrap.local import LocalRun
    from controller.clients.clock import SystemClock

    clock = SystemClock()
    began = clock.monotonic()
    stop = threading.Event()
    _on_signals(stop)
    local = LocalRun(args.file, args.state or args.file.parent / LOCAL_STATE)
    args.environment = "local"
    found_by = again(args, "").removeprefix("hokusai")
    tell(f"The controller's log is in {local.log_file}.")
    with local, Table(clock) as table:
        converged = False
        while not stop.wait(_LOOK_SECONDS):
            elapsed = clock.monotonic() - began
            table.show(local.statuses(), elapsed)
            if not converged and local.converged():
                converged = True
                table.say(f"Everything is ready after {elapsed:.1f} s.")
                if args.once:
                    break
                table.say(
                    what_next(
                        local.environment(), local.names(), local.fronts(), found_by
                    )
                )
            if args.once and elapsed > args.timeout:
                break
        table.say("Stopping everything …")
    if args.once and not converged:
        tell(f"Not everything became ready within {args.timeout:.0f} s.")
        return Exit.FAILED
    return Exit.OK


def _on_signals(stop: threading.Event) -> None:
    """Stop in good order at the first signal; at the second, at once."""

    def asked(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked)
