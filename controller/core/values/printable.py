"""Text from outside, made safe to print: no control characters, no endless values."""

import re

# C0 and C1 controls except tab and line feed, DEL, line and paragraph separators,
# characters that change the direction of the text, and lone surrogates.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONG_WORD = re.compile(r"[^\s,;]{201,}")
_HEAD, _TAIL = 60, 20
_LONGEST = 2_000


def printable(text: str) -> str:
    r"""Return ``text`` with control characters escaped, as in ``\u001b``.

    A terminal obeys control characters, so a value that contains them could change
    the text around it. Tabs and line feeds stay. JSON stays the same JSON.
    """
    return _CONTROL.sub(_escaped, text)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return ``text`` with long values replaced by their ends and their length.

    Args:
        text: A sentence with values in it.
        longest: Limit of the whole text in characters.
    """
    text = _LONG_WORD.sub(lambda found: _ends(found[0]), text)
    return text if len(text) <= longest else _ends(text)


def _ends(value: str) -> str:
    return f"{value[:_HEAD]}…{value[-_TAIL:]} ({len(value):,} characters)"


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
