"""Credentials in the headers of a request."""

from base64 import b64encode

import pytest

from controller.core.access.credentials import CredentialError, credential


def basic(pair):
    return b"Basic " + b64encode(pair.encode())


ACCEPTED = {
    "bearer": ((b"authorization", b"Bearer key"), "key"),
    "bearer in capitals": ((b"authorization", b"BEARER   key "), "key"),
    "scheme ApiKey": ((b"authorization", b"ApiKey key"), "key"),
    "header X-API-Key": ((b"x-api-key", b" key "), "key"),
    "password": ((b"authorization", basic("name:key")), "key"),
    "password with a colon": ((b"authorization", basic("name:a:b")), "a:b"),
    "password without a name": ((b"authorization", basic(":key")), "key"),
    "in any script": ((b"authorization", "Bearer sécret 日本".encode()), "sécret 日本"),
    "other header": ((b"x-key", b"key"), None),
    "empty header": ((b"authorization", b" "), None),
}
REFUSED = {
    "unknown scheme": [(b"authorization", b"Digest s3cret")],
    "no base64": [(b"authorization", b"Basic %%%")],
    "no password": [(b"authorization", basic("name"))],
    "too long": [(b"x-api-key", b"s3cret" * 8_193)],
    "two headers": [
        (b"authorization", b"Bearer s3cret-1"),
        (b"x-api-key", b"s3cret-2"),
    ],
    "one header twice": [
        (b"authorization", b"Bearer s3cret-1"),
        (b"authorization", b"Bearer s3cret-2"),
    ],
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_credential_is_read_from_its_header(name):
    header, expected = ACCEPTED[name]

    found = credential([(b"host", b"api"), header])

    assert (found.reveal() if found else None) == expected


@pytest.mark.parametrize("name", REFUSED)
def test_an_unclear_credential_is_refused_and_not_repeated(name):
    with pytest.raises(CredentialError) as refused:
        credential(REFUSED[name])

    assert "s3cret" not in str(refused.value)


def test_one_credential_in_two_headers_is_one():
    headers = [(b"authorization", b"Bearer key"), (b"x-api-key", b"key")]

    assert credential(headers).reveal() == "key"
