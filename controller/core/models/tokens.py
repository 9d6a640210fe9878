"""Symbols of tokens and addresses of contributors, normalised in one place."""

import re

# In any case: a symbol is stored in upper case.
SYMBOL_PATTERN = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
SYMBOL_CHARACTERS = "letters, digits and -, with a letter or digit at both ends"
LONGEST_SYMBOL = 64
SYMBOL_RULE = f"{SYMBOL_CHARACTERS}, at most {LONGEST_SYMBOL} characters"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def token_symbol(text: str) -> str:
    """Return ``text`` as the symbol of a token, in upper case.

    Raises:
        ValueError: It is not a symbol.
    """
    symbol = text.strip().upper()
    is_symbol = text.isascii() and re.fullmatch(SYMBOL_PATTERN, symbol)
    if not is_symbol or len(symbol) > LONGEST_SYMBOL:
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
