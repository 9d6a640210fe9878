"""The controller's own small port."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer

from controller.api.probes import ProcessState, probes_app


class Loop:
    """What a controller tells of itself."""

    def __init__(self):
        self.stuck = ""
        self.waits_for = ""
        self.woken = 0

    def wake(self):
        self.woken += 1


def ask(loop: Loop, method: str, path: str, key=None, headers=None):
    """Return the status and the text of an answer."""
    probed = ProcessState(
        stuck=lambda: loop.stuck,
        waits_for=lambda: loop.waits_for,
        metrics=lambda: "reconcile_total 1.0\n",
        wake=loop.wake,
        key=key,
    )

    async def asking():
        server = TestServer(probes_app(probed))
        async with TestClient(server) as client:
            answer = await client.request(method, path, headers=headers)
            return answer.status, await answer.text()

    return asyncio.run(asking())


def test_a_controller_that_leads_is_alive_and_ready():
    assert ask(Loop(), "GET", "/live") == (200, "alive\n")
    assert ask(Loop(), "GET", "/ready") == (200, "leading\n")


def test_a_thread_that_has_not_come_back_is_not_alive_with_the_reason():
    loop = Loop()
    loop.stuck = "a pass has not ended for 181 s"

    assert ask(loop, "GET", "/live") == (503, "a pass has not ended for 181 s\n")


def test_a_controller_that_waits_is_alive_and_not_ready_with_the_reason():
    loop = Loop()
    loop.waits_for = "waiting for the store: no answer"

    assert ask(loop, "GET", "/live") == (200, "alive\n")
    assert ask(loop, "GET", "/ready") == (503, "waiting for the store: no answer\n")


def test_metrics_are_in_prometheus_text():
    assert ask(Loop(), "GET", "/metrics") == (200, "reconcile_total 1.0\n")


def test_a_pass_can_be_asked_for():
    loop = Loop()

    assert ask(loop, "POST", "/reconcile")[0] == 202
    assert loop.woken == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [
        pytest.param("bearer sécret", 202, id="scheme in lower case"),
        pytest.param("BEARER   sécret ", 202, id="scheme in upper case"),
        pytest.param("Bearer secret", 401, id="another token"),
        pytest.param("Bearer 日本", 401, id="another token, not ASCII"),
        pytest.param("Bearer \udcff\udcfe", 401, id="no UTF-8"),
        pytest.param("Basic sécret", 401, id="another scheme"),
        pytest.param("sécret", 401, id="no scheme"),
        pytest.param("Bearer", 401, id="no token"),
    ],
)
def test_a_bearer_token_is_compared_as_bytes(given, status):
    header = {"Authorization": given}

    assert ask(Loop(), "POST", "/reconcile", "sécret", header)[0] == status


def test_where_a_key_is_set_nobody_else_can_ask():
    loop = Loop()
    right = {"Authorization": "Bearer s3cret"}

    assert ask(loop, "POST", "/reconcile", "s3cret")[0] == 401
    assert ask(loop, "POST", "/reconcile", "s3cret", right)[0] == 202
    assert loop.woken == 1
