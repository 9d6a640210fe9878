"""Contract of the authentication service: requests, answers and outages."""

import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import web

from controller.clients.auth_service import PATH, AuthServiceClient
from controller.clients.bounded import BoundedClient
from controller.core.access.validated_key import ValidatedKey
from controller.core.errors import TransientError
from controller.core.values.secret import Secret
from controller.resolver.names import FixedNames
from tests.builders.http_receiver import answering, receiver

OWNER = {
    "user_id": "u1",
    "key_id": "k1",
    "scopes": ["model:write", 5],
    "roles": ["analyst"],
    "is_admin": False,
    "rate_limit_per_hour": 1000,
}


def json_answer(value, status=200):
    async def answer(_request):
        return web.json_response(value, status=status)

    return answer


def validated(answer, key="key", **options):
    """Return the owner of a key, and the requests of the service."""

    async def validating():
        async with receiver(answer) as server:
            url = f"http://127.0.0.1:{server.port}{PATH}"
            bounded = BoundedClient(url, FixedNames(["127.0.0.1"]), **options)
            client = AuthServiceClient(bounded, "platform")
            return await client.validate(Secret(key)), server.requests

    return asyncio.run(validating())


def test_a_key_is_sent_as_the_contract_says():
    found, [(path, headers, body)] = validated(json_answer(OWNER))

    assert found == ValidatedKey("u1", "k1", ("model:write",), ("analyst",))
    assert path == "/api/v1/keys/validate"
    assert headers["Authorization"] == "Bearer key"
    assert json.loads(body) == {"service_id": "platform"}


def test_an_administrator_and_a_nested_owner_are_read():
    found, _ = validated(json_answer({"user": {"id": 7}, "is_admin": True}))

    assert found == ValidatedKey("7", "7", ("is_admin",), ())


def test_401_is_a_refusal():
    assert validated(json_answer({"detail": "invalid"}, 401))[0] is None


@pytest.mark.parametrize("key", ["a\nb", "\udcff"])
def test_a_text_that_no_header_can_hold_is_not_sent(key):
    assert validated(json_answer(OWNER), key) == (None, [])


@pytest.mark.parametrize(
    "answer",
    [
        answering(429),
        answering(500),
        answering(503),
        answering(403),
        answering(404),
        answering(302, location="https://evil.example"),
        json_answer({}),
        json_answer([]),
        json_answer({"user_id": None}),
        json_answer({"user": "u1"}),
    ],
)
def test_any_other_answer_is_an_outage(answer):
    with pytest.raises(TransientError) as error:
        validated(answer, "secret-key")

    assert "secret-key" not in str(error.value)


def test_a_silent_service_is_an_outage_after_the_deadline():
    async def silent(_request):
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(TransientError, match="does not answer"):
        validated(silent, deadline=timedelta(milliseconds=200))
