"""Rate limiter: all threads together stay within the documented rates of ECS."""

from functools import partial

from controller.clients.aws.limiter import Limiter
from controller.core.rates.adaptive_rate import CallResult
from controller.core.rates.token_bucket import Rate
from tests.fakes.shared_clock import SharedClock
from tests.fakes.stopped_clock import StoppedClock

SLOW = {"definition modify": Rate(2, 1), "service read": Rate(2, 1)}


def send(limiter, operation, answer=CallResult.ADMITTED):
    limiter.report(operation, limiter.wait(operation), answer)


def test_calls_within_the_burst_pass_at_once_and_the_rest_waits():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    for _ in range(5):
        send(limiter, "RegisterTaskDefinition")

    assert clock.monotonic() == 3


def test_calls_of_one_category_share_a_bucket_and_others_do_not():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    for operation in ("DescribeServices", "ListServices", "RegisterTaskDefinition"):
        send(limiter, operation)
    untouched = clock.monotonic()
    send(limiter, "DescribeServices")

    assert (untouched, clock.monotonic()) == (0, 1)


def test_threads_share_the_buckets():
    clock = SharedClock()
    limiter = Limiter(clock, {"service read": Rate(4, 10)})
    sent = []

    def work():
        for _ in range(5):
            permit = limiter.wait("DescribeServices")
            sent.append(permit.at)
            limiter.report("DescribeServices", permit, CallResult.ADMITTED)

    clock.run(*[work] * 8)

    assert len(sent) == 40
    assert all(sum(at <= t < at + 1 for t in sent) <= 14 for at in sent)


def test_a_refusal_slows_its_own_category_down():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    send(limiter, "DescribeServices", CallResult.REFUSED)
    send(limiter, "RegisterTaskDefinition")
    send(limiter, "DescribeServices")

    assert clock.monotonic() == 2


def test_a_refusal_delays_all_threads_including_waiting_ones():
    clock = SharedClock()
    limiter = Limiter(clock, {"service read": Rate(1, 1)})
    sent = []

    def work(answer):
        permit = limiter.wait("DescribeServices")
        sent.append(round(clock.monotonic(), 3))
        clock.sleep(0.1)
        limiter.report("DescribeServices", permit, answer)

    clock.run(
        partial(work, CallResult.REFUSED), *[partial(work, CallResult.ADMITTED)] * 3
    )

    first = sent[0]
    assert sent[1:] == [first + 2.1, first + 4.1, first + 6.1]


def test_an_operation_without_a_rate_never_waits():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    for _ in range(100):
        send(limiter, "GetSecretValue", CallResult.REFUSED)

    assert clock.monotonic() == 0
