"""Signals as a terminal's foreground job has them, in every process that a test starts."""

import signal


def _nothing(number, frame):
    """Do nothing: as long as SIGINT was ignored, this process goes on ignoring it."""


# A job that a script starts with `&` ignores SIGINT, and so do all its children; a
# handled signal, unlike an ignored one, is back at its default in a new program.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, _nothing)
