"""The command line: parse, hand over, and end with an exit status that is true.

``arguments`` parses and does nothing else; ``commands`` do and print nothing;
``views`` print and decide nothing.
"""

import gc
import sys
from collections.abc import Sequence

_INTERRUPTED = 130
# What stays needs the collector, but not every 700 objects: start-up makes many,
# and all of them stay.
_OBJECTS = 50_000
# Options with which a short command stays.
_GOES_ON = ("watch", "follow")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    An error that nobody expected ends with 2 as well: Python's own 1 would read
    as "something differs".

    Args:
        argv: The words of the command; None for those of this process, which
            then is ours to set up.
    """
    if argv is not None:
        return _run(argv)
    # What a short command allocates lives as long as it does. Looking for garbage
    # meanwhile, and once more at the end, takes a third of its time.
    gc.disable()
    try:
        return _run(sys.argv[1:])
    finally:
        gc.freeze()


def _run(argv: Sequence[str]) -> int:
    from controller.cli.arguments import parse

    try:
        args = parse(argv)
        if args.stays or any(getattr(args, word, False) for word in _GOES_ON):
            gc.set_threshold(_OBJECTS)
            gc.enable()
        return int(args.command(args))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge of the program
        return _told(error)


def _told(error: Exception) -> int:
    """Say what happened, in one line if it was foreseen, and return 2."""
    import os

    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import tell
    from controller.core.errors import ControllerError
    from controller.core.redact import redact

    if isinstance(error, ControllerError):
        tell(redact(str(error), ()))
        return Exit.FAILED
    if os.environ.get("HOKUSAI_LOG_LEVEL") == "DEBUG":
        import traceback

        tell(redact("".join(traceback.format_exception(error)), ()))
    what = f"{type(error).__name__}: {error}"
    message = f"hokusai failed unexpectedly: {what}; HOKUSAI_LOG_LEVEL=DEBUG says more."
    tell(redact(message, ()))
    return Exit.FAILED
