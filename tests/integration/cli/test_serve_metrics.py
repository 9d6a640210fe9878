"""`hokusai serve` in a process of its own: its metrics, on a port of their own."""

import re
import socket
import urllib.error
import urllib.request

import pytest

from tests.builders.api_server import KEY, serving
from tests.builders.local_process import free_port
from tests.builders.waiting import eventually
from tests.fakes.chaos_dns import ChaosDns, Fault

HOST = "mlflow.test"


@pytest.fixture
def dns():
    with ChaosDns("127.0.0.1", ttl=1) as server:
        yield server


@pytest.fixture
def port():
    return free_port()


def settings(dns, port, **more):
    return {
        "HOKUSAI_DNS_SERVER": "{}:{}".format(*dns.address),
        "DNS_TIMEOUT": "0.5",
        "MLFLOW_TRACKING_URI": f"http://{HOST}:1",
        "HOKUSAI_API_METRICS_HOST": "127.0.0.1",
        "HOKUSAI_API_METRICS_PORT": str(port),
        **more,
    }


def answer(url, method="GET"):
    try:
        headers = {"X-API-Key": KEY}
        request = urllib.request.Request(url, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Series:
    """Metrics by the name and the labels of each series."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}/metrics"

    def __call__(self, series):
        status, text = answer(self._url)
        assert status == 200
        found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
        assert found is not None, series
        return float(found[1])


def test_requests_and_lookups_are_counted(here, dns, port):
    series = Series(port)
    with serving(here, **settings(dns, port)) as url:
        assert series('api_requests_total{status="4xx"}') == 0
        for _ in range(3):
            answer(f"{url}/none")
        answer(f"{url}/api/v1/health")

        assert series('api_requests_total{status="4xx"}') == 3
        assert series('dns_queries_total{outcome="found"}') >= 1
        assert series('dns_lookups_total{result="error"}') == 0

        dns.fault = Fault.DROP

        def stale_lookups():
            answer(f"{url}/api/v1/models")
            return series('dns_lookups_total{result="stale"}')

        eventually(stale_lookups)
        assert series('dns_queries_total{outcome="timeout"}') >= 1


def test_comparisons_of_the_mode_observe_are_counted(here, dns, port):
    series = Series(port)
    mode = {"HOKUSAI_DNS_MODE": "observe"}
    with serving(here, **settings(dns, port, **mode)) as url:

        def rescued():
            answer(f"{url}/api/v1/health")
            return series('dns_comparisons_total{result="rescued"}')

        # The machine does not know the name, and the resolver does.
        eventually(rescued)


def test_the_public_port_has_no_metrics_and_the_other_port_nothing_else(
    here, dns, port
):
    with serving(here, **settings(dns, port)) as url:
        assert answer(f"{url}/metrics")[0] == 404
        near = f"http://127.0.0.1:{port}"
        assert answer(f"{near}/metrics")[0] == 200
        assert answer(f"{near}/metrics", "HEAD") == (200, "")
        assert answer(f"{near}/metrics", "POST")[0] == 405
        for path in ("/", "/api/v1/health", "/api/v1/status", "/live"):
            assert answer(f"{near}{path}")[0] == 404


def test_only_metrics_that_the_process_counts_are_served(here, dns, port):
    with serving(here, **settings(dns, port)):
        _, text = answer(f"http://127.0.0.1:{port}/metrics")

    assert "reconcile_total" not in text
    assert "webhook" not in text


def test_a_port_in_use_is_logged_and_the_api_is_served(here, dns):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(here, **settings(dns, port)) as url:
            assert answer(f"{url}/live")[0] == 200

    assert "no metrics port" in (here / "serve.log").read_text()
