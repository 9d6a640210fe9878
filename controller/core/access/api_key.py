"""API keys: their format, and what is kept of them.

A key is ``hk_live_`` followed by 46 characters of base 62: eight identify it, 32 are
the secret (190 bits), and six are a checksum (CRC-32), so that a mistyped key is
recognised without the database, as GitHub's tokens are. Only an HMAC of a key is kept: a slow hash
adds nothing to a secret that cannot be guessed, and would be a means to exhaust the
server.
"""

import hmac
import re
from binascii import crc32
from dataclasses import dataclass
from hashlib import sha256

from controller.core.values.secret import Secret

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID, _SECRET, _CHECK = 8, 32, 6
# Random bytes that ``composed`` needs; each gives less than one digit to stay uniform.
RANDOM_BYTES = 64
_FORM = re.compile(
    rf"hk_(live|test|dev)_([0-9A-Za-z]{{{_ID + _SECRET}}})([0-9A-Za-z]{{6}})"
)
PREFIX = "hk_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A well-formed key.

    Attributes:
        id: Identifies the key; not secret.
        text: Whole key.
    """

    id: str
    text: Secret

    @property
    def last_four(self) -> str:
        """Last four characters, by which a person recognises the key."""
        return self.text.reveal()[-4:]


def parsed(text: str) -> ApiKey | None:
    """Return the key that ``text`` is; None if it has another form or checksum."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-_CHECK]) != found[3]:
        return None
    return ApiKey(found[2][:_ID], Secret(text))


def composed(environment: str, random: bytes) -> ApiKey:
    """Return a key made of random bytes.

    Args:
        environment: ``live``, ``test`` or ``dev``.
        random: At least ``RANDOM_BYTES`` bytes of a cryptographic source.

    Raises:
        ValueError: There are too few random bytes.
    """
    number = int.from_bytes(random[:RANDOM_BYTES], "big")
    if len(random) < RANDOM_BYTES:
        msg = f"requires {RANDOM_BYTES} random bytes"
        raise ValueError(msg)
    # 64 bytes are 2^512 for 62^40 values: the bias is below 2^-270.
    body = _base62(number, _ID + _SECRET)
    text = f"{PREFIX}{environment}_{body}"
    return ApiKey(body[:_ID], Secret(text + _checksum(text)))


def fingerprint(pepper: Secret, key: ApiKey) -> str:
    """Return what is kept of a key: its HMAC-SHA256 as 64 hexadecimal digits."""
    text = key.text.reveal().encode()
    return hmac.new(pepper.reveal().encode(), text, sha256).hexdigest()


def pepper_id(pepper: Secret) -> str:
    """Return what identifies a pepper: eight hexadecimal digits of its hash."""
    return sha256(b"pepper\0" + pepper.reveal().encode()).hexdigest()[:8]


def is_fingerprint_of(kept: str, pepper: Secret, key: ApiKey) -> bool:
    """Return True if ``kept`` is the fingerprint; takes equally long for any other."""
    return hmac.compare_digest(kept, fingerprint(pepper, key))


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECK)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
