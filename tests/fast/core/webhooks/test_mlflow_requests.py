"""Requests of MLflow's webhooks, and forged ones."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.webhooks.mlflow_requests import (
    DELIVERY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    TOLERANCE,
    mlflow_signature,
    refusal,
)

NOW = datetime(2026, 11, 23, 12, 8, 35, tzinfo=UTC)
BODY = b'{"entity": "model_version", "action": "created", "data": {"name": "leads"}}'
SECRET = "whsec_of the hint"


def signed(body=BODY, *, at=NOW, secret=SECRET, delivery="ef5590fd-1"):
    timestamp = str(int(at.timestamp()))
    return {
        DELIVERY_HEADER: delivery,
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: mlflow_signature(secret, delivery, timestamp, body),
    }


def test_the_signature_is_the_one_of_standard_webhooks_over_the_plain_secret():
    # Vector D of the test of our own signatures, whose key is this text in base64.
    secret = "test_webhook_secret_for_development"

    found = mlflow_signature(secret, "msg_1", "1735689600", b"{}")

    assert found == "v1,Qe1iUJdruXuAjnIL8HPZ9YeYiT5UYM8+bsVb4Pa56iM="


def test_a_request_of_mlflow_is_accepted():
    assert refusal(signed(), BODY, [SECRET], NOW) == ""


def test_either_secret_is_accepted_while_it_is_rotated():
    assert refusal(signed(), BODY, ["n3xt", SECRET], NOW) == ""


@pytest.mark.parametrize("age", [-TOLERANCE, TOLERANCE])
def test_a_request_within_the_tolerance_is_accepted(age):
    assert refusal(signed(at=NOW - age), BODY, [SECRET], NOW) == ""


@pytest.mark.parametrize("sign", [-1, 1], ids=["from the future", "old"])
def test_a_request_beyond_the_tolerance_is_refused(sign):
    at = NOW - sign * (TOLERANCE + timedelta(seconds=1))

    assert refusal(signed(at=at), BODY, [SECRET], NOW) == "the request is too old"


@pytest.mark.parametrize(
    ("edit", "body"),
    [
        ({}, BODY + b" "),
        ({DELIVERY_HEADER: "another"}, BODY),
        ({TIMESTAMP_HEADER: str(int(NOW.timestamp()) + 1)}, BODY),
        ({SIGNATURE_HEADER: "v1,AAAA"}, BODY),
        ({SIGNATURE_HEADER: ""}, BODY),
        ({SIGNATURE_HEADER: "\udcff"}, BODY),
        ({DELIVERY_HEADER: ""}, BODY),
        ({DELIVERY_HEADER: "x" * 129}, BODY),
        ({DELIVERY_HEADER: "\udcff"}, BODY),
        ({TIMESTAMP_HEADER: ""}, BODY),
        ({TIMESTAMP_HEADER: "-1"}, BODY),
        ({TIMESTAMP_HEADER: "1e9"}, BODY),
        ({TIMESTAMP_HEADER: "٣"}, BODY),
        ({TIMESTAMP_HEADER: "9" * 4_400}, BODY),
    ],
)
def test_a_forged_request_is_refused(edit, body):
    assert refusal({**signed(), **edit}, body, [SECRET], NOW) != ""


def test_nothing_is_accepted_without_a_secret():
    assert refusal(signed(secret=""), BODY, [], NOW) == "the signature is not valid"
