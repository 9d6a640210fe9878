"""Decoding of a file to text that is valid in YAML."""

import re

from controller.core.errors import Diagnostic, SourcePosition, SpecError

LARGEST = 10 * 1024 * 1024

# Characters that YAML forbids, and the byte order marks of some editors.
_FORBIDDEN = re.compile(
    "[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MARK = "\ufeff"


def decode(data: bytes, file: str) -> str:
    """Return the text of ``data``.

    Raises:
        SpecError: the file is too large or not valid text.
    """
    if len(data) > LARGEST:
        size = f"has {len(data)} bytes; the maximum is {LARGEST}"
        _refuse(file, size, "split it with include")
    if data.startswith(_WIDE_MARKS):
        _refuse(file, "is UTF-16", "save it as UTF-8")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        _refuse(file, "is not UTF-8", "save it as UTF-8", before)
    if text.startswith(_MARK):
        _refuse(file, "starts with a byte order mark", "save it without one")
    if found := _FORBIDDEN.search(text):
        what = f"contains the control character U+{ord(found[0]):04X}"
        _refuse(file, what, "remove it", text[: found.start()])
    return text


def _refuse(file: str, what: str, hint: str, before: str = "") -> None:
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    raise SpecError(Diagnostic(SourcePosition(file, line, column), "", what, hint))
