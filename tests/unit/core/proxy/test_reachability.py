"""Connections to an MLflow that does not answer."""

from controller.core.proxy.reachability import PROBE_SECONDS, Reachability


def test_after_a_failure_one_request_at_a_time_tries():
    known = Reachability()
    assert known.may_connect(0)

    known.failed(0)

    assert not known.may_connect(PROBE_SECONDS / 2)
    assert known.may_connect(PROBE_SECONDS)
    assert not known.may_connect(PROBE_SECONDS)


def test_after_a_connection_all_requests_connect():
    known = Reachability()
    known.failed(0)

    known.connected()

    assert known.may_connect(0)
