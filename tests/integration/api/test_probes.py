"""The controller's own small port."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from controller.api.probes import ProcessState, probes_app
from tests.fakes.inline import SteppedClock


class Loop:
    """What a controller tells of itself."""

    def __init__(self):
        self.clock = SteppedClock()
        self.leading = True
        self.woken = 0

    def wake(self):
        self.woken += 1


def ask(loop: Loop, method: str, path: str, key=None, headers=None):
    """Return the status and the text of an answer."""
    probed = ProcessState(
        last_pass=lambda: 0.0,
        interval=lambda: timedelta(seconds=60),
        leading=lambda: loop.leading,
        metrics=lambda: "reconcile_total 1.0\n",
        wake=loop.wake,
        key=key,
    )

    async def asking():
        server = TestServer(probes_app(probed, loop.clock))
        async with TestClient(server) as client:
            answer = await client.request(method, path, headers=headers)
            return answer.status, await answer.text()

    return asyncio.run(asking())


def test_it_is_alive_while_passes_are_completed():
    loop = Loop()
    loop.clock.sleep(179)

    assert ask(loop, "GET", "/live") == (200, "alive\n")


def test_it_is_not_alive_when_no_pass_was_completed_for_three_intervals():
    loop = Loop()
    loop.clock.sleep(181)

    status, text = ask(loop, "GET", "/live")

    assert (status, text) == (503, "no pass was completed for 181 s\n")


def test_who_waits_for_the_lease_is_alive_and_not_ready():
    loop = Loop()
    loop.leading = False
    loop.clock.sleep(1_000)

    assert ask(loop, "GET", "/live")[0] == 200
    assert ask(loop, "GET", "/ready")[0] == 503


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
