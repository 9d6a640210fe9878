"""The command line: parse, hand over, and end with an exit status that is true.

``arguments`` parses and does nothing else; ``commands`` do and print nothing;
``views`` print and decide nothing.
"""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    An error that nobody expected ends with 2 as well: Python's own 1 would read
    as "something differs".
    """
    from controller.cli.arguments import parse
    from controller.cli.exits import Exit

    try:
        args = parse(sys.argv[1:] if argv is None else argv)
        return int(args.command(args))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        return Exit.OK
    except Exception as error:  # noqa: BLE001 - the edge of the program
        return _told(error)


def _told(error: Exception) -> int:
    """Say what happened, in one line if it was foreseen, and return 2."""
    from controller.cli.exits import Exit
    from controller.core.errors import ControllerError
    from controller.core.redact import redact

    if isinstance(error, ControllerError):
        print(redact(str(error), ()), file=sys.stderr)  # noqa: T201
        return Exit.FAILED
    import logging

    logging.getLogger(__name__).debug("the command failed", exc_info=error)
    what = f"{type(error).__name__}: {error}"
    message = f"hokusai failed unexpectedly: {what}; HOKUSAI_LOG_LEVEL=debug says more."
    print(redact(message, ()), file=sys.stderr)  # noqa: T201
    return Exit.FAILED
