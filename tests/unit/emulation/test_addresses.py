import pytest

from controller.emulation.ecs.addresses import AddressPool
from controller.emulation.loopback import NotLoopbackError, require_loopback


def test_a_released_address_is_reused_last():
    pool = AddressPool("127.9.9.0/28")
    first = pool.allocate()
    pool.release(first)

    following = [pool.allocate() for _ in range(11)]

    assert first not in following[:-1]
    assert following[-1] == first


def test_no_two_tasks_share_an_address():
    pool = AddressPool("127.9.9.0/28")

    taken = [pool.allocate() for _ in range(11)]

    assert len(set(taken)) == 11
    with pytest.raises(LookupError):
        pool.allocate()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.64.0.4", "::1", "localhost"])
def test_loopback_is_accepted(host):
    assert require_loopback(host) == host


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", "::"])  # noqa: S104
def test_other_addresses_are_refused(host):
    with pytest.raises(NotLoopbackError, match="is not a loopback address"):
        require_loopback(host)
