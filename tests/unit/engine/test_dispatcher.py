"""Everything due is sent, signed and written down, whatever receivers do."""

import asyncio

from controller.core.errors import TransientError
from controller.core.webhooks.delivery import (
    Answered,
    DeliveryPolicy,
    DeliveryState,
    RetryAt,
    Unanswered,
)
from controller.core.webhooks.event import VersionIdentity, WebhookEvent
from controller.core.webhooks.signature import hokusai_verified, standard_headers
from controller.engine.dispatcher import Dispatcher, DispatchLimits, WebhookTarget
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from controller.store.outbox import Outbox
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

KEY, OLD_KEY = b"current", b"previous"
POLICY = DeliveryPolicy.doubling(5, 2, spread=0)
SITE = {"site": WebhookTarget("https://hokus.ai/hook", POLICY)}
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

    async def send(self, url, headers, body, within):
        self.sent.append((url, headers, body))
        script = self.scripts.get(url, [Answered(200)])
        answer = script.pop(0) if len(script) > 1 else script[0]
        if answer == "hang":
            await self.hanging.wait()
            return Unanswered(f"no answer within {within} s")
        return answer


class World:
    """A dispatcher, the outbox it drains, and a clock that follows its waits."""

    def __init__(self, receivers, targets=SITE, *, limits=None, secret_of=None):
        self.clock = StoppedClock()
        self.database = empty_store(self.clock)
        self.ledger = AnnouncementLedger(self.database)
        self.deliveries = DeliveryLog(self.database)
        self.receivers = receivers
        self.steps = []
        self.stop = asyncio.Event()
        self.until = 1
        self.dispatcher = Dispatcher(
            Outbox(self.database),
            receivers,
            lambda: targets,
            secret_of or (lambda _: (KEY, OLD_KEY)),
            clock=self.clock,
            worker="w",
            limits=limits or DispatchLimits(grace=0.01),
            on_attempt=self.told,
        )

    def told(self, _delivery, _answer, step):
        self.steps.append(step)
        if isinstance(step, RetryAt):
            self.clock.forward((step.at - self.clock.now()).total_seconds())
        if len(self.steps) >= self.until:
            self.stop.set()
        self.dispatcher.wake()

    def run(self, until=1):
        self.until = until

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


def test_a_receiver_that_never_mends_is_given_up_after_six_attempts():
    w = a_world(Receivers(**{"hokus.ai": [Answered(500)]}))
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=6)

    assert len(w.receivers.sent) == 6
    assert w.count(DeliveryState.DEAD) == 1


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
        async def send(self, url, headers, body, within):
            w.stop.set()
            await asyncio.sleep(0)
            return await super().send(url, headers, body, within)

    w = a_world(Slow(), limits=DispatchLimits(grace=5))
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run(until=99)

    assert w.count(DeliveryState.DELIVERED) == 1


def test_without_its_secret_nothing_is_sent_and_no_attempt_is_charged():
    def secret_of(target):
        if target == "site":
            message = "the secret store is away"
            raise TransientError(message)
        return (KEY,)

    w = a_world(targets=BOTH, secret_of=secret_of)
    w.ledger.announce("site", "webhook", [event()], NOON)
    w.ledger.announce("audit", "webhook", [event()], NOON)

    w.run()

    assert [url for url, _, _ in w.receivers.sent] == ["https://audit.example/hook"]
    (waiting,) = w.deliveries.list(9, "site")
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 0)


def test_what_is_due_to_an_undeclared_target_stays():
    w = a_world()
    w.ledger.announce("gone", "webhook", [event()], NOON)
    w.ledger.announce("site", "webhook", [event()], NOON)

    w.run()

    assert w.count(DeliveryState.PENDING, "gone") == 1


def test_an_outbox_that_cannot_be_read_is_asked_again():
    w = a_world(limits=DispatchLimits(poll=0.001))
    w.ledger.announce("site", "webhook", [event()], NOON)
    outbox = w.dispatcher._outbox

    class Flaky:
        def claim(self, *_arguments):
            w.dispatcher._outbox = outbox
            message = "the store could not be read"
            raise TransientError(message)

    w.dispatcher._outbox = Flaky()

    w.run()

    assert w.count(DeliveryState.DELIVERED) == 1
