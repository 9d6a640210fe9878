"""API keys: form, checksum and fingerprint."""

import pytest

from controller.core.access.api_key import (
    RANDOM_BYTES,
    composed,
    fingerprint,
    is_fingerprint_of,
    parsed,
)
from controller.core.values.secret import Secret

KEY = composed("live", bytes(range(RANDOM_BYTES)))
PEPPER = Secret("pepper")


def test_a_composed_key_is_well_formed():
    text = KEY.text.reveal()

    assert parsed(text) == KEY
    assert text.startswith("hk_live_")
    assert len(text) == len("hk_live_") + 46
    assert KEY.id == text[8:16]
    assert KEY.last_four == text[-4:]


@pytest.mark.parametrize("at", range(len(KEY.text.reveal())))
def test_a_key_with_one_other_character_is_not_well_formed(at):
    text = KEY.text.reveal()
    other = "a" if text[at] != "a" else "b"

    assert parsed(text[:at] + other + text[at + 1 :]) is None


@pytest.mark.parametrize(
    "text",
    ["", "hk_live_", "hk_prod_" + "a" * 46, KEY.text.reveal() + "\n", "é" * 54],
)
def test_a_text_of_another_form_is_no_key(text):
    assert parsed(text) is None


def test_the_digits_of_a_key_depend_on_every_random_byte():
    random = bytearray(range(RANDOM_BYTES))
    keys = set()
    for at in range(RANDOM_BYTES):
        random[at] ^= 0xFF
        keys.add(composed("test", bytes(random)).text.reveal())

    assert len(keys) == RANDOM_BYTES


def test_too_few_random_bytes_are_refused():
    with pytest.raises(ValueError, match="64 random bytes"):
        composed("live", b"few")


def test_a_fingerprint_depends_on_key_and_pepper():
    kept = fingerprint(PEPPER, KEY)
    other = composed("live", bytes(RANDOM_BYTES))

    assert is_fingerprint_of(kept, PEPPER, KEY)
    assert not is_fingerprint_of(kept, PEPPER, other)
    assert not is_fingerprint_of(kept, Secret("other"), KEY)
    assert KEY.text.reveal() not in kept


def test_a_key_is_never_printed():
    assert KEY.text.reveal() not in f"{KEY} {KEY!r}"
