"""The commands, one file each; the file name is the word typed.

A word that is a Python keyword has ``_`` appended, as in ``import_.py``. A file that
is added here is a command, in the parser, in the help and in shell completion. Each
one defines:

SUMMARY: One line of help.
GROUP: The section of ``hokusai --help`` that lists it.
EXIT_CODES: Each exit code with its meaning.
arguments(parser): Adds the arguments and options.
run(args): Runs the command and returns the exit code.

Optional are ``DETAILS``, more lines of help, and ``LONG_RUNNING = True`` for a command
that may run for more than a few seconds.

Help imports every command, so a command imports its work inside ``run``.
"""

from enum import StrEnum


class Group(StrEnum):
    """The sections of ``hokusai --help``, in their order."""

    DOCUMENT = "write the document"
    DEPLOY = "deploy"
    INSPECT = "inspect"
    INTERVENE = "intervene by hand"
    PLATFORM = "set up and serve"
