"""``run`` as a process while its PostgreSQL is away: it waits, and goes on afterwards."""

import signal
import time

import pytest

from tests.builders.waiting import eventually

INTERVAL = 5
# A lease lifetime and the deadlines of the store are 30 seconds; the rest is for load.
LOSES_THE_LEASE = 150
COMES_BACK = 60
# Seconds of a long outage: the failover of a managed database takes about so long.
LONG = 60


@pytest.fixture
def frequent(world):
    world.edit("region: us-east-1\n", f"{REGION}reconcile: {{interval: {INTERVAL}s}}\n")
    return world


REGION = "region: us-east-1\n  "


def leading(controller):
    eventually(controller.leads, within=60)
    eventually(controller.passes, within=60)
    return controller


def outlasts(proxy, attempts):
    """Wait until the controller has tried ``attempts`` more connections."""
    before = proxy.accepted
    eventually(lambda: proxy.accepted >= before + attempts, within=90)


def test_an_outage_that_outlasts_the_lease_ends_the_term_and_not_the_process(
    frequent, controllers, far_store, store_proxy
):
    controller = leading(controllers(HOKUSAI_STORE_URL=far_store).start())
    answers = []

    def lasted():
        answers.append((controller.probe("/live"), controller.probe("/ready")))
        return time.monotonic() - began >= LONG

    began = time.monotonic()
    store_proxy.silence_all()
    eventually(lambda: "lease lost" in controller.messages(), within=LOSES_THE_LEASE)
    eventually(lasted, within=2 * LONG, every=1)
    store_proxy.answer()
    eventually(controller.leads, within=COMES_BACK)
    controller.await_pass(within=COMES_BACK)

    assert {live for live, _ready in answers} == {(200, "alive\n")}
    assert {status for _live, (status, _reason) in answers} == {503}
    assert any("the store could not be" in reason for _live, (_, reason) in answers)
    told = [m for m in controller.messages() if m.startswith("store ")]
    assert told == ["store unavailable", "store available again"]
    assert controller.end() == 0


def test_a_failover_of_old_connections_only_does_not_end_the_term(
    frequent, controllers, far_store, store_proxy
):
    controller = leading(controllers(HOKUSAI_STORE_URL=far_store).start())

    store_proxy.silence_old()
    for _ in range(3):
        controller.await_pass(within=COMES_BACK)

    assert "lease lost" not in controller.messages()
    assert controller.end() == 0


def test_a_start_during_an_outage_waits_for_the_store(
    frequent, controllers, far_store, store_proxy
):
    store_proxy.silence_all()
    controller = controllers(HOKUSAI_STORE_URL=far_store).start()
    outlasts(store_proxy, 3)
    live, (ready, reason) = controller.probe("/live"), controller.probe("/ready")

    store_proxy.answer()
    eventually(controller.leads, within=COMES_BACK)

    assert live == (200, "alive\n")
    assert ready == 503
    assert reason.startswith("waiting for the store: ")
    assert controller.end() == 0


def test_a_standby_takes_over_when_only_the_leader_lost_the_store(
    frequent, controllers, far_store, store_proxy, postgres_server
):
    near = far_store.replace(f":{store_proxy.port}/", f":{postgres_server.port}/")
    leader = leading(controllers(HOKUSAI_STORE_URL=far_store).start())
    standby = controllers("standby", HOKUSAI_STORE_URL=near).start()
    eventually(lambda: "waiting for the lease" in standby.probe("/ready")[1])

    store_proxy.silence_all()
    eventually(standby.leads, within=LOSES_THE_LEASE)

    assert not leader.leads()
    store_proxy.answer()
    eventually(lambda: "holds it" in leader.probe("/ready")[1], within=COMES_BACK)


@pytest.mark.parametrize("moment", ["at the start", "while it leads", "after the loss"])
def test_a_stop_while_the_store_does_not_answer_ends_the_process_in_time(
    frequent, controllers, far_store, store_proxy, moment
):
    controller = controllers(HOKUSAI_STORE_URL=far_store)
    if moment == "at the start":
        store_proxy.silence_all()
        controller.start()
        outlasts(store_proxy, 1)
    else:
        leading(controller.start())
        store_proxy.silence_all()
    if moment == "after the loss":
        eventually(
            lambda: "lease lost" in controller.messages(), within=LOSES_THE_LEASE
        )

    code = controller.end(within=30)

    assert code in (0, 1)
    assert "Traceback" not in controller.file.read_text()


def test_a_requested_pass_is_done_after_the_lease_was_regained(
    frequent, controllers, far_store, store_proxy
):
    frequent.edit(f"interval: {INTERVAL}s", "interval: 1h")
    controller = leading(controllers(HOKUSAI_STORE_URL=far_store).start())
    store_proxy.silence_all()
    eventually(lambda: "lease lost" in controller.messages(), within=LOSES_THE_LEASE)
    store_proxy.answer()
    eventually(controller.leads, within=COMES_BACK)
    eventually(lambda: controller.passes() >= 2, within=COMES_BACK)

    before = controller.passes()
    controller.process.send_signal(signal.SIGHUP)
    eventually(lambda: controller.passes() > before, within=COMES_BACK)
    before = controller.passes()
    frequent.edit("interval: 1h", "interval: 2h")
    eventually(lambda: controller.passes() > before, within=COMES_BACK)
