"""Text as every database of the controller can store it."""


def storable(text: str) -> str:
    """Return ``text`` with the characters escaped that a database refuses.

    PostgreSQL refuses NUL; no UTF-8 text contains a lone surrogate, which Python uses for
    bytes that are not text. Safe to repeat.
    """
    if text.isascii() and "\0" not in text:
        return text
    encoded = text.encode(errors="backslashreplace").decode()
    return encoded.replace("\0", "\\x00")
