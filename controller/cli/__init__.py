"""The command line.

``parser`` builds the argument parser from ``commands/``, one file per command;
``views`` format results as text; ``terminal`` writes them.
"""

import gc
import sys
from collections.abc import Sequence

_INTERRUPTED = 130
# Start-up creates many objects that all stay; a long-running command needs the
# garbage collector, but not every 700 objects.
_GC_THRESHOLD = 50_000
# Options that make a short command run for long.
_LONG_RUNNING_OPTIONS = ("watch", "follow")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    An unexpected error also ends with 2: Python's own exit code 1 would mean
    "different".

    Args:
        argv: The command line; None for that of this process, whose garbage
            collector is then configured as well.
    """
    if argv is not None:
        return _run(argv)
    # A short command keeps what it allocates until it ends. Garbage collection takes
    # a third of its time, in between and once more at exit.
    gc.disable()
    try:
        return _run(sys.argv[1:])
    finally:
        gc.freeze()


def _run(argv: Sequence[str]) -> int:
    from controller.cli.parser import parse

    try:
        args = parse(argv)
        chosen = (getattr(args, name, False) for name in _LONG_RUNNING_OPTIONS)
        if args.long_running or any(chosen):
            gc.set_threshold(_GC_THRESHOLD)
            gc.enable()
        return int(args.run(args))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge of the program
        return _report(error)


def _report(error: Exception) -> int:
    """Print an error, in one line if it is one of ours, and return 2."""
    import os

    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import tell
    from controller.core.errors import ControllerError
    from controller.core.values.redact import redact

    if isinstance(error, ControllerError):
        tell(redact(str(error), ()))
        return Exit.FAILED
    if os.environ.get("HOKUSAI_LOG_LEVEL") == "DEBUG":
        import traceback

        tell(redact("".join(traceback.format_exception(error)), ()))
    message = (
        f"internal error: {type(error).__name__}: {error}; set HOKUSAI_LOG_LEVEL=DEBUG "
        "for the traceback"
    )
    tell(redact(message, ()))
    return Exit.FAILED
