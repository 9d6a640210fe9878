"""`hokusai serve` with a name server that does not answer, as a process of its own."""

import json
import time
import urllib.error
import urllib.request

import pytest

from controller.cli import main
from controller.store.fallbacks import StoredFallbacks
from tests.builders.api_server import serving
from tests.builders.waiting import eventually
from tests.fakes.chaos_dns import ChaosDns, Fault

HOST = "mlflow.test"


@pytest.fixture
def silent():
    with ChaosDns("127.0.0.1") as server:
        server.fault = Fault.DROP
        yield {
            "HOKUSAI_DNS_SERVER": "{}:{}".format(*server.address),
            "MLFLOW_TRACKING_URI": f"http://{HOST}:1",
        }


def health(url):
    """Return the component `dns` and the seconds that the answer took."""
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(f"{url}/api/v1/health", timeout=30) as response:
            text = response.read()
    except urllib.error.HTTPError as error:
        # MLflow is not there.
        text = error.read()
    return json.loads(text)["services"]["dns"], time.perf_counter() - began


def test_a_kept_address_is_shown_and_used_at_once(recorded, here, silent):
    StoredFallbacks(recorded.database).keep(HOST, ["127.0.0.9"])

    with serving(here, **silent) as url:
        dns, seconds = health(url)

    name = dns["names"][HOST]
    assert (name["source"], name["addresses"]) == ("stale", ["127.0.0.9"])
    assert seconds < 5


def test_the_status_is_starting_until_the_first_query_has_ended(recorded, here, silent):
    StoredFallbacks(recorded.database).keep(HOST, ["127.0.0.9"])
    silent["DNS_TIMEOUT"] = "3"

    with serving(here, **silent) as url:
        first, _ = health(url)
        later, _ = eventually(lambda: health(url), lambda h: h[0] != first)

    assert (first["status"], first["names"][HOST]["status"]) == ("starting",) * 2
    assert first["message"] == f"DNS has not answered yet for {HOST}"
    assert later["status"] == "degraded"
    assert later["message"] == f"DNS fails for {HOST}"


def test_the_declared_fallback_is_shown_and_used_at_once(here, silent):
    with serving(here, MLFLOW_FALLBACK_IP="127.0.0.8", **silent) as url:
        dns, seconds = health(url)

    name = dns["names"][HOST]
    assert (name["source"], name["addresses"]) == ("fallback", ["127.0.0.8"])
    assert seconds < 5


def test_a_pin_of_a_user_is_used_by_the_server(recorded, here, silent):
    why = ("--reason", "DNS is silent")
    assert main(["dns", "pin", HOST, "127.0.0.7", "--for", "1h", *why]) == 0

    with serving(here, **silent) as url:
        dns, _ = health(url)

    assert dns["names"][HOST]["source"] == "pin"
    assert dns["message"] == f"{HOST} is pinned to 127.0.0.7"
