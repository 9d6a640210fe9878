"""Keys that the authentication service validates: their scopes, and its outages."""

import asyncio

import pytest

from controller.api.auth.validated_keys import ValidatedKeySource
from controller.core.access.api_key import RANDOM_BYTES, composed
from controller.core.access.policy import AccessPolicy
from controller.core.access.validated_key import AuthServicePolicy, ValidatedKey
from controller.core.errors import TransientError
from controller.core.values.secret import Secret
from tests.fakes.stopped_clock import StoppedClock

POLICY = AuthServicePolicy(
    "", "platform", {"model:write": ("register:model/*",), "is_admin": ("admin",)}
)
ACCESS = AccessPolicy(
    subjects={"u1": ("status:read",)}, groups={"analyst": ("mlflow:read",)}
)
OWNER = ValidatedKey("u1", "k1", ("model:write", "other"), ("analyst",))


class Service:
    """The authentication service."""

    def __init__(self, **keys):
        self.keys = keys
        self.asked = []
        self.is_away = False

    async def validate(self, key):
        self.asked.append(key.reveal())
        await asyncio.sleep(0)
        if self.is_away:
            msg = "the authentication service answered 503"
            raise TransientError(msg)
        return self.keys.get(key.reveal())


def ran(scenario, service):
    clock = StoppedClock()
    source = ValidatedKeySource(POLICY, service, lambda: ACCESS, clock)

    def caller(text):
        return source.caller(Secret(text))

    return asyncio.run(scenario(caller, clock))


def one(text, service):
    async def scenario(caller, _clock):
        return await caller(text)

    return ran(scenario, service)


def test_scopes_are_those_of_the_table_and_of_the_bindings():
    found = one("good", Service(good=OWNER))

    assert (found.subject, found.credential) == ("u1", "auth/k1")
    assert found.grants.texts() == ("register:model/*", "status:read", "mlflow:read")


def test_a_key_that_the_service_refuses_is_not_accepted():
    assert one("bad", Service(good=OWNER)) is None


def test_a_key_of_this_program_is_not_sent_to_the_service():
    service = Service()
    own = composed("live", bytes(range(RANDOM_BYTES))).text.reveal()

    assert one(own, service) is None
    assert service.asked == []


def test_a_result_is_kept_for_a_minute_and_a_refusal_for_less():
    service = Service(good=OWNER)

    async def scenario(caller, clock):
        for _ in range(5):
            assert await caller("good")
            assert await caller("bad") is None
        assert service.asked == ["good", "bad"]
        clock.forward(11)
        service.keys["bad"] = OWNER
        assert await caller("bad")
        del service.keys["good"]
        assert await caller("good")
        clock.forward(50)
        assert await caller("good") is None

    ran(scenario, service)


def test_callers_at_once_share_one_request():
    service = Service(good=OWNER)

    async def scenario(caller, _clock):
        assert all(await asyncio.gather(*(caller("good") for _ in range(20))))

    ran(scenario, service)
    assert service.asked == ["good"]


def test_an_outage_is_no_refusal_and_is_not_kept():
    service = Service(good=OWNER)
    service.is_away = True

    async def scenario(caller, _clock):
        with pytest.raises(TransientError):
            await caller("good")
        service.is_away = False
        assert await caller("good")

    ran(scenario, service)
