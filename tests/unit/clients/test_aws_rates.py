"""ECS is asked no more often than its documentation allows, by all threads together."""

from concurrent.futures import ThreadPoolExecutor

from controller.clients.aws.rates import Limiter
from controller.core.bucket import Rate
from tests.fakes.stopped_clock import StoppedClock

SLOW = {"definition modify": Rate(2, 1), "service read": Rate(2, 1)}


def test_what_the_bucket_holds_goes_at_once_and_the_rest_waits():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    for _ in range(5):
        limiter.wait("RegisterTaskDefinition")

    assert clock.monotonic() == 3


def test_calls_of_one_category_share_a_bucket_and_others_do_not():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    for operation in ("DescribeServices", "ListServices", "RegisterTaskDefinition"):
        limiter.wait(operation)
    untouched = clock.monotonic()
    limiter.wait("DescribeServices")

    assert (untouched, clock.monotonic()) == (0, 1)


def test_threads_share_the_buckets():
    clock = StoppedClock()
    limiter = Limiter(clock, {"service read": Rate(4, 1_000)})
    waited = []
    clock.sleep = waited.append

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: limiter.wait("DescribeServices"), range(40)))

    assert len(waited) == 36
    assert len({round(seconds, 3) for seconds in waited}) == 36


def test_a_refusal_slows_its_own_category_down():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    limiter.refused("DescribeServices")
    limiter.wait("RegisterTaskDefinition")
    limiter.wait("DescribeServices")

    assert clock.monotonic() == 2


def test_what_no_bucket_is_known_for_never_waits():
    clock = StoppedClock()
    limiter = Limiter(clock, SLOW)

    for _ in range(100):
        limiter.wait("GetSecretValue")
        limiter.refused("GetSecretValue")

    assert clock.monotonic() == 0
