"""API keys from the cryptographic generator of the operating system."""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType

from controller.core.access.api_key import RANDOM_BYTES, ApiKey, composed
from controller.core.document.platform import Environment

# Word in the text of a key, by which scanners and people recognise a production key.
_WORDS: Mapping[str, str] = MappingProxyType({"production": "live", "staging": "test"})


def key_source(environment: Environment) -> Callable[[], ApiKey]:
    """Return a function that returns another random key at each call."""
    word = _WORDS.get(environment, "dev")
    return lambda: composed(word, secrets.token_bytes(RANDOM_BYTES))
