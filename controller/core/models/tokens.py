"""Symbols of tokens and addresses of contributors, normalised in one place."""

import re

_SYMBOL = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,62}[A-Z0-9])?")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
SYMBOL_RULE = (
    "letters, digits and -, with a letter or digit at both ends, at most 64 characters"
)


def token_symbol(text: str) -> str:
    """Return ``text`` as the symbol of a token, in upper case.

    Raises:
        ValueError: It is not a symbol.
    """
    symbol = text.strip().upper()
    if not text.isascii() or not _SYMBOL.fullmatch(symbol):
        msg = f"{text!r} is not a token symbol: use {SYMBOL_RULE}"
        raise ValueError(msg)
    return symbol


def contributor_address(text: str) -> str:
    """Return ``text`` as the Ethereum address of a contributor (EIP-55, any case).

    Raises:
        ValueError: It is not an address.
    """
    address = text.strip()
    if not _ADDRESS.fullmatch(address):
        msg = f"{text!r} is not an address: write 0x and 40 hexadecimal digits"
        raise ValueError(msg)
    return address
