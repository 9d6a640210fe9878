"""Everything due is sent, signed and written down, whatever receivers do."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.errors import NotFoundError, PermanentError, TransientError
from controller.core.webhooks.answers import Answered, NotPermitted, Unanswered
from controller.core.webhooks.body_expression import with_derived_body
from controller.core.webhooks.delivery import Delivered, DeliveryState
from controller.core.webhooks.event import ProfileBody, VersionIdentity, WebhookEvent
from controller.core.webhooks.retry_schedule import RetrySchedule
from controller.core.webhooks.signature import hokusai_verified, standard_headers
from controller.core.webhooks.target_secrets import TargetSecrets
from controller.engine.dispatcher import Dispatcher, DispatchLimits, WebhookTarget
from controller.engine.signed_requests import SignedRequests
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from controller.store.outbox import Outbox
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

KEY, OLD_KEY = b"current", b"previous"
SECRETS = TargetSecrets((KEY,))
POLICY = RetrySchedule.doubling(5, 2, spread=0)
SITE = {"site": WebhookTarget("https://hokus.ai/hook", POLICY)}
HOUR = {
    "site": WebhookTarget(
        "https://hokus.ai/hook",
        RetrySchedule.doubling(5, 2, tail=(300, 3300), spread=0),
    )
}
BOTH = SITE | {"audit": WebhookTarget("https://audit.example/hook", POLICY)}


def event(number=1):
    identity = VersionIdentity("mlflow", "lead", number, number)
    return WebhookEvent(
        f"id-{number}", "model.registered", identity, b'{"n":%d}' % number
    )


class Receivers:
    """Answer from a script by URL; the last answer goes on for ever."""

    def __init__(self, **scripts):
        self.scripts = {f"https://{host}/hook": s for host, s in scripts.items()}
        self.sent = []
        self.hanging = asyncio.Event()

    async def send(self, url, headers, body, within, permitted, certificate=None):
        self.sent.append((url, headers, body))
        script = self.scripts.get(url, [Answered(200)])
        answer = script.pop(0) if len(script) > 1 else script[0]
        if answer == "hang":
            await self.hanging.wait()
            return Unanswered(f"no answer within {within} s")
        return answer


class World:
    """A dispatcher, the outbox it drains, and a clock that follows its waits."""

    def __init__(self, receivers, targets=SITE, *, limits=None, secrets_of=None):
        self.clock = StoppedClock()
        self.database = empty_store(self.clock)
        self.ledger = AnnouncementLedger(self.database)
        self.deliveries = DeliveryLog(self.database)
        self.receivers = receivers
        self.steps, self.attempts = [], []
        self.stop = asyncio.Event()
        self.outbox = Outbox(self.database)
        self.dispatcher = Dispatcher(
            self.outbox,
            SignedRequests(receivers, self.clock),
            lambda: targets,
            secrets_of or (lambda _: TargetSecrets((KEY, OLD_KEY))),
            clock=self.clock,
            worker="w",
            limits=limits or DispatchLimits(grace=0.01),
            on_attempt=self.told,
        )

    def told(self, _delivery, attempt):
        step = attempt.step
        self.attempts.append(attempt)
        self.steps.append(step)
        if not isinstance(step, Delivered):
            wait = self.outbox.wait(["site"])
            self.clock.forward(wait.total_seconds() if wait else 0)
        if self.ends():
            self.stop.set()
        self.dispatcher.wake()

    def run(self, until=1):
        self.run_until(lambda: len(self.steps) >= until)

    def run_until(self, ends):
        self.ends = ends

        async def within_a_moment():
            async with asyncio.timeout(5):
                await self.dispatcher.run(self.stop)

        asyncio.run(within_a_moment())

    def count(self, state, target="site"):
        return self.deliveries.counts()[target][state]


def a_world(receivers=None, *args, **options):
    return World(receivers or Receivers(), *args, **options)


def test_what_was_announced_is_delivered():
    w = a_world()
    w.ledger.announce("site", "webhook", [event(1), event(2)], NOON)

    w.run(until=2)

    assert {body for _, _, body in w.receivers.sent} == {b'{"n":1}', b'{"n":2}'}
    assert w.count(DeliveryState.DELIVERED) == 2


def test_a_delivery_is_signed_in_both_schemes_over_the_bytes_sent():
    w = a_world()
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    ((_, headers, body),) = w.receivers.sent
    signature = headers["X-Hokusai-Signature"]
    assert hokusai_verified([KEY], body, signature)
    assert not hokusai_verified([OLD_KEY], body, signature)
    assert (
        headers.items() >= standard_headers("id-1", NOON, body, [KEY, OLD_KEY]).items()
    )


def test_a_delivery_says_what_it_is():
    w = a_world()
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    ((_, headers, _),) = w.receivers.sent
    assert headers["X-Hokusai-Idempotency-Key"] == "id-1"
    assert headers["X-Hokusai-Event"] == "model.registered"
    assert headers["X-Hokusai-Attempt"] == "1"
    assert headers["Content-Type"] == "application/json"
    assert "X-Hokusai-Possible-Duplicate" not in headers


def test_a_delivery_that_is_not_permitted_waits_and_is_sent_once_it_is():
    """Six refusals would exhaust the schedule, if they counted."""
    denied = [NotPermitted("10.0.0.1 is a private address")] * 6
    w = a_world(Receivers(**{"hokus.ai": [*denied, Answered(200)]}))
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=7)

    assert w.count(DeliveryState.DELIVERED) == 1
    assert w.clock.now() - NOON >= 6 * timedelta(minutes=5)


def test_a_delivery_has_the_media_type_and_the_signature_of_its_target():
    target = replace(SITE["site"], scheme="hokusai-deltaone")
    w = a_world(targets={"site": target})
    cloud = ProfileBody("cloudevents", b"{}")
    announced = replace(event(), profile="cloudevents", bodies=(cloud,))
    w.ledger.announce("site", "webhook", [announced], NOON)

    w.run()

    ((_, headers, body),) = w.receivers.sent
    signed = f"{headers['X-Hokusai-Timestamp']}.{headers['X-Hokusai-Nonce']}.{{}}"
    assert body == b"{}"
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert hokusai_verified([KEY], signed.encode(), headers["X-Hokusai-Signature"])


def test_a_signature_is_also_sent_under_the_name_that_an_older_receiver_reads():
    aliases = {"x-mlflow-signature": "X-Hokusai-Signature", "x-id": "webhook-id"}
    w = a_world(targets={"site": replace(SITE["site"], header_aliases=aliases)})
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    ((_, headers, _),) = w.receivers.sent
    assert headers["x-mlflow-signature"] == headers["X-Hokusai-Signature"]
    assert headers["x-id"] == headers["webhook-id"] == "id-1"


def test_a_repeat_has_the_same_id_and_bytes_and_a_fresh_time():
    site = [Answered(503), Unanswered("refused"), Answered(200)]
    w = a_world(Receivers(**{"hokus.ai": site}))
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=3)

    sent = w.receivers.sent
    assert {body for _, _, body in sent} == {b'{"n":1}'}
    assert {headers["webhook-id"] for _, headers, _ in sent} == {"id-1"}
    assert [headers["X-Hokusai-Attempt"] for _, headers, _ in sent] == ["1", "2", "3"]
    times = [int(headers["webhook-timestamp"]) for _, headers, _ in sent]
    assert [time - times[0] for time in times] == [0, 2, 6]


def seconds_of_attempts(w):
    """Return the times of all attempts, in seconds after the first."""
    times = [int(headers["webhook-timestamp"]) for _, headers, _ in w.receivers.sent]
    return [time - times[0] for time in times]


def test_a_receiver_that_fails_is_probed_until_the_schedule_is_over():
    w = a_world(Receivers(**{"hokus.ai": [Answered(500)]}), HOUR)
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=10)

    minutes = [60, 120, 240, 480, 900]
    probes = [30 + sum(minutes[: number + 1]) for number in range(5)]
    assert seconds_of_attempts(w)[:10] == [0, 2, 6, 14, 30, *probes]
    assert w.count(DeliveryState.PENDING) == 1
    w.stop.clear()
    w.run(until=13)
    assert w.count(DeliveryState.DEAD) == 1


def test_deliveries_wait_for_a_receiver_that_is_down_and_all_arrive_after_its_return():
    down = [Unanswered("refused")] * 8
    w = a_world(Receivers(**{"hokus.ai": [*down, Answered(200)]}), HOUR)
    w.ledger.announce("site", "webhook", [event(n) for n in range(20)], NOON)

    w.run(until=len(down) + 20)

    assert w.count(DeliveryState.DELIVERED) == 20
    assert w.count(DeliveryState.DEAD) == 0


def test_an_outage_of_ten_minutes_loses_nothing_and_costs_few_attempts():
    class Down(Receivers):
        """Refuses connections for ten minutes."""

        async def send(self, url, headers, body, within, permitted, certificate=None):
            answer = await super().send(url, headers, body, within, permitted)
            is_down = w.clock.now() < NOON + timedelta(minutes=10)
            return Unanswered("refused") if is_down else answer

    w = a_world(Down(), HOUR)
    w.ledger.announce("site", "webhook", [event(n) for n in range(200)], NOON)

    w.run_until(lambda: w.count(DeliveryState.PENDING) == 0)

    assert w.count(DeliveryState.DELIVERED) == 200
    # The failures that open the breaker, and its probes after 1, 2, 4 and 8 minutes.
    assert len(w.receivers.sent) < 200 + 15
    assert w.clock.now() - NOON <= timedelta(minutes=16)
    assert not any(attempt.possible_duplicate for attempt in w.attempts)


def test_deliveries_that_were_given_up_are_sent_again_after_the_return():
    down = [Answered(500)] * 13
    w = a_world(Receivers(**{"hokus.ai": [*down, Answered(200)]}), HOUR)
    w.ledger.announce("site", "webhook", [event(1)], NOON)
    w.run(until=13)
    assert w.count(DeliveryState.DEAD) == 1

    w.ledger.announce("site", "webhook", [event(2)], w.clock.now())
    w.clock.forward(900)
    w.stop.clear()
    w.run(until=15)

    assert w.count(DeliveryState.DELIVERED) == 2


def test_when_a_probe_is_given_up_so_are_those_that_waited_as_long():
    w = a_world(Receivers(**{"hokus.ai": [Answered(500)]}), HOUR)
    w.ledger.announce("site", "webhook", [event(n) for n in range(9)], NOON)

    w.run_until(lambda: w.count(DeliveryState.PENDING) == 0)

    assert w.count(DeliveryState.DEAD) == 9
    assert len(w.receivers.sent) < 9 * 6


def test_a_target_with_another_address_gets_what_failed_at_the_old_one():
    targets = {"site": replace(SITE["site"], settings="old")}
    w = a_world(Receivers(**{"hokus.ai": [Answered(422)]}), targets)
    w.ledger.announce("site", "webhook", [event(1)], NOON)
    w.run()
    assert w.count(DeliveryState.DEAD) == 1

    moved = "https://moved.example/hook"
    targets["site"] = replace(SITE["site"], url=moved, settings="other")
    w.stop.clear()
    w.run(until=2)

    assert [url for url, _, _ in w.receivers.sent][-1] == moved
    assert w.count(DeliveryState.DELIVERED) == 1


def test_a_receiver_that_is_gone_gets_nothing_more():
    w = a_world(Receivers(**{"hokus.ai": [Answered(410)]}))
    w.ledger.announce("site", "webhook", [event(1), event(2)], NOON)

    w.run(until=2)
    w.stop.clear()

    assert w.count(DeliveryState.PENDING) == 2
    assert w.outbox.wait(["site"]) is None
    assert w.outbox.claim("w", "site", 8, timedelta(minutes=1)) == ()


def test_a_receiver_that_hangs_delays_only_itself():
    receivers = Receivers(**{"hokus.ai": ["hang"]})
    w = a_world(receivers, BOTH, limits=DispatchLimits(in_flight=2, grace=0.01))
    w.ledger.announce("site", "webhook", [event(n) for n in range(9)], NOON)
    w.ledger.announce("audit", "webhook", [event(n) for n in range(9)], NOON)

    w.run(until=9)

    assert w.count(DeliveryState.DELIVERED, "audit") == 9
    assert sum("hokus.ai" in url for url, _, _ in receivers.sent) == 2


def test_what_a_stop_cuts_off_is_sent_again_and_marked():
    w = a_world(Receivers(**{"hokus.ai": ["hang", Answered(200)]}), BOTH)
    w.ledger.announce("site", "webhook", [event()], NOON)
    w.ledger.announce("audit", "webhook", [event()], NOON)
    w.run()
    w.clock.forward(3600)
    w.stop = asyncio.Event()

    w.run(until=2)

    (_, _, _), (_, headers, _) = (s for s in w.receivers.sent if "hokus.ai" in s[0])
    assert headers["X-Hokusai-Possible-Duplicate"] == "true"
    assert headers["X-Hokusai-Attempt"] == "2"


def test_what_is_under_way_may_come_to_its_end():
    class Slow(Receivers):
        async def send(self, url, headers, body, within, permitted, certificate=None):
            w.stop.set()
            await asyncio.sleep(0)
            return await super().send(url, headers, body, within, permitted)

    w = a_world(Slow(), limits=DispatchLimits(grace=5))
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=99)

    assert w.count(DeliveryState.DELIVERED) == 1


def test_without_its_secret_nothing_is_sent_and_no_attempt_is_charged():
    def secrets_of(target):
        if target == "site":
            message = "the secret store is away"
            raise TransientError(message)
        return SECRETS

    w = a_world(targets=BOTH, secrets_of=secrets_of)
    w.ledger.announce("site", "webhook", [event()], NOON)
    w.ledger.announce("audit", "webhook", [event()], NOON)

    w.run()

    assert [url for url, _, _ in w.receivers.sent] == ["https://audit.example/hook"]
    (waiting,) = w.deliveries.list(9, "site")
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 0)


def test_the_end_of_an_attempt_says_if_its_result_was_recorded():
    w = a_world(
        Receivers(**{"hokus.ai": [Unanswered("cut off", is_sent=True), Answered(200)]})
    )
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=2)

    first, second = w.attempts
    assert (first.possible_duplicate, second.possible_duplicate) == (False, True)
    assert (first.is_recorded, second.is_recorded) == (True, True)


def test_an_attempt_that_outlives_its_claim_is_not_recorded():
    class Slow(Receivers):
        async def send(self, url, headers, body, within, permitted, certificate=None):
            if not self.sent:
                w.clock.forward(3600)
                w.outbox.claim("other", "site", 1, timedelta(minutes=9))
            return await super().send(url, headers, body, within, permitted)

    w = a_world(Slow())
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert [attempt.is_recorded for attempt in w.attempts] == [False]


def unreadable(target):
    message = "env:SECRET is not set"
    raise NotFoundError(message)


def test_an_unreadable_secret_is_recorded_for_other_processes():
    w = a_world(
        targets=BOTH, secrets_of=lambda t: SECRETS if t == "audit" else unreadable(t)
    )
    w.ledger.announce("site", "webhook", [event()], NOON)
    w.ledger.announce("audit", "webhook", [event()], NOON)

    w.run()

    records = w.deliveries.records()
    assert records["site"].secret_error == "env:SECRET is not set"
    assert records["audit"].secret_error == ""


def test_the_record_is_removed_with_the_next_attempt_that_reads_the_secret():
    reads = []

    def second_time(target):
        reads.append(target)
        return SECRETS if len(reads) > 1 else unreadable(target)

    w = a_world(
        secrets_of=second_time,
        limits=DispatchLimits(grace=0.01, poll=0.001, pause=0),
    )
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert w.count(DeliveryState.DELIVERED) == 1
    assert w.deliveries.records()["site"].secret_error == ""


def test_a_new_process_that_reads_the_secret_removes_an_old_record():
    w = a_world()
    w.outbox.report_secret_error("site", "env:SECRET is not set")
    w.clock.forward(3600)
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert w.deliveries.records()["site"].secret_error == ""


def test_a_new_process_removes_a_recent_record_later_without_another_delivery():
    w = a_world(limits=DispatchLimits(grace=0.01, poll=0.001))
    w.outbox.report_secret_error("site", "env:SECRET is not set")
    w.ledger.announce("site", "webhook", [event()], NOON)
    kept = []

    def ends():
        kept.append(w.deliveries.records()["site"].secret_error)
        w.clock.forward(100)
        return False

    read = w.outbox.report_secret_read

    def stops_once_removed(target, lifetime):
        removed = read(target, lifetime)
        if removed:
            w.stop.set()
        return removed

    w.outbox.report_secret_read = stops_once_removed

    w.run_until(ends)

    assert kept == ["env:SECRET is not set"]
    assert w.deliveries.records()["site"].secret_error == ""
    assert w.count(DeliveryState.DELIVERED) == 1


def test_a_delivery_does_not_wait_for_the_record_of_its_secret(monkeypatch):
    def fails(*_arguments):
        message = "the store could not be written"
        raise TransientError(message)

    w = a_world()
    monkeypatch.setattr(w.outbox, "report_secret_read", fails)
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert w.count(DeliveryState.DELIVERED) == 1


def test_what_is_due_to_an_undeclared_target_stays():
    w = a_world()
    w.ledger.announce("gone", "webhook", [event()], NOON)
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert w.count(DeliveryState.PENDING, "gone") == 1


def test_an_outbox_that_cannot_be_read_is_asked_again():
    w = a_world(limits=DispatchLimits(poll=0.001))
    w.ledger.announce("site", "webhook", [event()], NOON)
    outbox = w.outbox

    class Flaky:
        def due_targets(self, *_arguments):
            w.dispatcher._outbox = outbox
            message = "the store could not be read"
            raise TransientError(message)

    w.dispatcher._outbox = Flaky()

    w.run()

    assert w.count(DeliveryState.DELIVERED) == 1


def test_an_outage_in_which_the_targets_cannot_be_read_ends_nothing():
    outages = [TransientError("the store could not be read")]

    def targets():
        if outages:
            raise outages.pop()
        return SITE

    w = a_world(limits=DispatchLimits(poll=0.001, grace=0.01))
    w.dispatcher._targets = targets
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert w.count(DeliveryState.DELIVERED) == 1


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_result_that_could_not_be_recorded_is_recorded_by_the_next_round(
    monkeypatch, is_committed
):
    w = a_world(
        Receivers(**{"hokus.ai": [Answered(503), Answered(200)]}),
        limits=DispatchLimits(poll=0.001),
    )
    w.ledger.announce("site", "webhook", [event()], NOON)
    finish_all, failures = w.outbox.finish_all, [1]

    def fails_once(results):
        if results and failures:
            failures.clear()
            if is_committed:
                with w.database.writing(fenced=False) as connection:
                    finish_all(results)
                    connection.commit()
            message = "the store could not be written"
            raise TransientError(message)
        return finish_all(results)

    monkeypatch.setattr(w.outbox, "finish_all", fails_once)

    w.run(until=2)

    _, (_, second, _) = w.receivers.sent
    assert [a.answer for a in w.attempts] == [Answered(503), Answered(200)]
    assert second["X-Hokusai-Attempt"] == "2"
    assert "X-Hokusai-Possible-Duplicate" not in second
    assert w.count(DeliveryState.DELIVERED) == 1


def test_a_slow_secret_store_delays_only_the_target_that_uses_it():
    released = threading.Event()

    def secrets_of(target):
        if target == "site":
            assert released.wait(5)
        return SECRETS

    w = a_world(targets=BOTH, secrets_of=secrets_of)
    w.ledger.announce("site", "webhook", [event(1)], NOON)
    w.ledger.announce("audit", "webhook", [event(n) for n in range(40)], NOON)

    w.run(until=40)
    assert {url for url, _, _ in w.receivers.sent} == {"https://audit.example/hook"}
    released.set()
    w.stop = asyncio.Event()
    w.run(until=41)

    assert w.count(DeliveryState.DELIVERED) == 1


def with_body(expression):
    """Return the target with an expression, and the settings that identify it."""
    site = replace(SITE["site"], body=expression, settings=expression)
    return {"site": site}


def test_a_body_is_derived_once_and_its_bytes_are_repeated():
    receivers = Receivers(**{"hokus.ai": [Unanswered("cut off"), Answered(200)]})
    targets = with_body("{number: n}")
    w = a_world(receivers, targets)
    w.ledger.announce(
        "site", "webhook", [with_derived_body(event(), "site", "{number: n}")], NOON
    )
    targets.update(with_body("{changed: n}"))

    w.run(until=2)

    assert [body for _, _, body in receivers.sent] == [b'{"number":1}'] * 2


def test_a_body_that_cannot_be_derived_waits_for_another_expression():
    targets = with_body("missing")
    w = a_world(targets=targets)
    w.ledger.announce(
        "site", "webhook", [with_derived_body(event(), "site", "missing")], NOON
    )

    w.run()

    (dead,) = w.deliveries.list(9, "site")
    assert (dead.state, dead.cause) == (DeliveryState.DEAD, "refused")
    assert dead.reason == "the expression `body` has the value null for this event"
    assert w.receivers.sent == []

    targets.update(with_body("{number: n}"))
    w.stop.clear()
    w.run(until=2)

    (delivered,) = w.deliveries.list(9, "site")
    assert delivered.state is DeliveryState.DELIVERED
    assert [body for _, _, body in w.receivers.sent] == [b'{"number":1}']
    ((_, headers, body),) = w.receivers.sent
    assert hokusai_verified([KEY], body, headers["X-Hokusai-Signature"])


@pytest.mark.parametrize("error", [KeyError("SecretString"), ValueError("no base64")])
def test_a_secret_that_cannot_be_used_stops_only_its_target(error):
    def secrets_of(target):
        if target == "site":
            raise error
        return TargetSecrets((KEY,))

    w = a_world(targets=BOTH, secrets_of=secrets_of)
    w.ledger.announce("site", "webhook", [event()], NOON)
    w.ledger.announce("audit", "webhook", [event()], NOON)

    w.run()

    assert w.count(DeliveryState.DELIVERED, "audit") == 1
    assert "cannot be used" in w.deliveries.records()["site"].secret_error


def test_an_error_of_the_transport_is_an_attempt_and_does_not_go_on_for_ever():
    class Broken(Receivers):
        async def send(self, url, headers, body, within, permitted, certificate):
            self.sent.append((url, headers, body))
            raise RecursionError

    schedule = RetrySchedule((), 0)
    w = a_world(Broken(), {"site": replace(SITE["site"], schedule=schedule)})
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    (delivery,) = w.deliveries.list(9, "site")
    assert (delivery.state, delivery.attempts) == (DeliveryState.DEAD, 1)
    assert "RecursionError" in delivery.reason


def test_a_result_that_the_store_refuses_does_not_hold_back_the_others(monkeypatch):
    w = a_world(targets=BOTH, limits=DispatchLimits(poll=0.001, grace=0.01))
    w.ledger.announce("site", "webhook", [event()], NOON)
    w.ledger.announce("audit", "webhook", [event(n) for n in range(9)], NOON)
    finish_all = w.outbox.finish_all

    def refuses(results):
        if any(result.delivery.target == "site" for result in results):
            message = "a text that the database cannot store"
            raise PermanentError(message)
        return finish_all(results)

    monkeypatch.setattr(w.outbox, "finish_all", refuses)

    w.run(until=9)

    assert w.count(DeliveryState.DELIVERED, "audit") == 9
    assert w.count(DeliveryState.PENDING) == 1


def test_hanging_secret_stores_of_many_targets_do_not_delay_the_others():
    released = threading.Event()
    hanging = {
        f"hanging-{n}": WebhookTarget(f"https://{n}.example/hook", POLICY)
        for n in range(12)
    }

    def secrets_of(target):
        if target in hanging:
            assert released.wait(5)
        return TargetSecrets((KEY,))

    w = a_world(targets=SITE | hanging, secrets_of=secrets_of)
    for name in ("site", *hanging):
        w.ledger.announce(name, "webhook", [event()], NOON)
    try:
        w.run()
    finally:
        released.set()

    assert [url for url, _, _ in w.receivers.sent] == ["https://hokus.ai/hook"]


def test_an_error_of_what_is_called_after_an_attempt_ends_nothing():
    w = a_world()
    calls = []

    def fails(_delivery, _attempt):
        calls.append(1)
        if len(calls) == 2:
            w.stop.set()
        raise RuntimeError

    w.dispatcher._on_attempt = fails
    w.ledger.announce("site", "webhook", [event(1), event(2)], NOON)

    w.run_until(lambda: False)

    assert w.count(DeliveryState.DELIVERED) == 2
