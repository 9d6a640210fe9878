"""Signatures that independent implementations agree on.

The vectors were made with the Standard Webhooks libraries of Python and
JavaScript; A is the one in Svix's documentation.
"""

from datetime import UTC, datetime
from typing import get_args

import pytest

from controller.core.errors import PermanentError
from controller.core.webhooks.signature import (
    SignatureScheme,
    hokusai_headers,
    hokusai_signature,
    hokusai_verified,
    key_of,
    standard_headers,
)

BODY_B = (
    b'{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z",'
    b'"data":{"id":"1f81eb52-5198-4599-803e-771906343485"}}'
)
BODY_C = (
    b'{"event_type":"model_registered","model":{"id":"lscor",'
    b'"name":"Sales lead scoring model","status":"registered","version":"4"},'
    b'"timestamp":"2025-01-01T00:00:00Z","source":"mlflow"}'
)
A = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
B = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
C = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
C_OLD = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
D = "whsec_dGVzdF93ZWJob29rX3NlY3JldF9mb3JfZGV2ZWxvcG1lbnQ="
SIGNED_C = "v1,+7Kx6w3ItbBY3Dcmw3cjXtR095D0InEaNUZ3tVs9eNM="
SIGNED_C_OLD = "v1,M5oVvfwTaGIPwIvl71uJ0DTJh3zBO1MDiB6gb64LHHA="
AT_C = datetime.fromtimestamp(1735689600, UTC)


@pytest.mark.parametrize(
    ("secret", "id_", "seconds", "body", "signature"),
    [
        (
            A,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            B,
            "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
            1674087231,
            BODY_B,
            "v1,Inw/unYkpAh6Njpdz4O+hnN82xYMXQ6NjnZIQN/mzIQ=",
        ),
        (C, "msg_hokusai_0001", 1735689600, BODY_C, SIGNED_C),
        (C_OLD, "msg_hokusai_0001", 1735689600, BODY_C, SIGNED_C_OLD),
        (
            D,
            "msg_1",
            1735689600,
            b"{}",
            "v1,Qe1iUJdruXuAjnIL8HPZ9YeYiT5UYM8+bsVb4Pa56iM=",
        ),
    ],
    ids=["A", "B", "C", "C-old", "D"],
)
def test_standard_webhooks_are_signed_as_others_sign_them(
    secret, id_, seconds, body, signature
):
    at = datetime.fromtimestamp(seconds, UTC)

    assert standard_headers(id_, at, body, [key_of(secret)]) == {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature,
    }


@pytest.mark.parametrize(
    ("secret", "body", "signature"),
    [
        (C, BODY_C, "f89784bcd8203e3de7d1042a4160b023479a723c59df64684b017c13e4b7e574"),
        (
            C_OLD,
            BODY_C,
            "69645f2c001472b0945c1f053350b5932b374590b32488a56973aa5bce1e0214",
        ),
        (D, b"{}", "d1691110a1e0e8fb4647ff0cae8acaf3856f4f981cd3e12afb1c95c46681fed1"),
    ],
    ids=["C", "C-old", "D"],
)
def test_the_hokusai_signature_is_hmac_sha256_of_the_raw_body(secret, body, signature):
    assert hokusai_signature(key_of(secret), body) == f"sha256={signature}"


def test_the_earlier_schemes_of_the_header_are_those_of_their_senders():
    nonce = "00000000-0000-4000-8000-000000000001"
    deltaone = "73268f48394aa0d781f718e0709991795d72b04aa3fda82ee10f16abe1cc5659"
    body = "d1691110a1e0e8fb4647ff0cae8acaf3856f4f981cd3e12afb1c95c46681fed1"

    found = {
        scheme: hokusai_headers(scheme, key_of(D), AT_C, nonce, b"{}")
        for scheme in get_args(SignatureScheme)
    }

    assert found == {
        "hokusai-v1": {"X-Hokusai-Signature": f"sha256={body}"},
        "hokusai-v1-bare": {"X-Hokusai-Signature": body},
        "hokusai-deltaone": {
            "X-Hokusai-Signature": f"sha256={deltaone}",
            "X-Hokusai-Timestamp": "1735689600",
            "X-Hokusai-Nonce": nonce,
        },
        "standard": {},
    }


def test_a_plain_secret_and_its_standard_spelling_are_the_same_key():
    assert key_of("test_webhook_secret_for_development") == key_of(D)


def test_while_a_secret_is_rotated_both_sign_separated_by_one_space():
    keys = [key_of(C), key_of(C_OLD)]

    headers = standard_headers("msg_hokusai_0001", AT_C, BODY_C, keys)

    assert headers["webhook-signature"] == f"{SIGNED_C} {SIGNED_C_OLD}"


def test_a_fraction_of_a_second_is_not_signed():
    at = AT_C.replace(microsecond=999_999)

    headers = standard_headers("msg_hokusai_0001", at, BODY_C, [key_of(C)])

    assert headers["webhook-signature"] == SIGNED_C


def test_an_id_with_a_dot_could_imitate_another_time():
    with pytest.raises(ValueError, match="contains a dot"):
        standard_headers("msg.1", AT_C, b"{}", [b"key"])


@pytest.mark.parametrize(
    "secret", ["whsec_test_webhook_secret", "whsec_", "whsec_größer"]
)
def test_a_mangled_secret_is_an_error_and_not_another_key(secret):
    with pytest.raises(PermanentError, match="base64"):
        key_of(secret)


@pytest.mark.parametrize(
    ("body", "signature", "verified"),
    [
        (BODY_C, hokusai_signature(key_of(C_OLD), BODY_C), True),
        (BODY_C + b" ", hokusai_signature(key_of(C), BODY_C), False),
        (BODY_C, hokusai_signature(key_of(D), BODY_C), False),
        (BODY_C, hokusai_signature(key_of(C), BODY_C).removeprefix("sha256="), False),
        (BODY_C, "", False),
        (BODY_C, "sha256=é", False),
    ],
    ids=["old key", "one space more", "other key", "bare", "empty", "not ascii"],
)
def test_a_receiver_accepts_only_what_was_signed(body, signature, verified):
    assert hokusai_verified([key_of(C), key_of(C_OLD)], body, signature) is verified
