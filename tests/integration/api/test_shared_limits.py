"""Limits of requests that several processes of `serve` share."""

import urllib.error
import urllib.request

from controller.clients.clock import SystemClock
from controller.store.database import Database
from tests.builders.api_server import KEY, serving
from tests.builders.waiting import eventually

BURST = 40


def asked(url, key=KEY):
    """Return the status of a request, and how many more are permitted at once."""
    request = urllib.request.Request(f"{url}/api/v1/status")
    request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, remaining(answer.headers["RateLimit"])
    except urllib.error.HTTPError as error:
        return error.code, remaining(error.headers["RateLimit"])


def remaining(header):
    return int(header.partition("r=")[2].partition(";")[0])


def test_two_processes_permit_one_limit_and_at_most_a_burst_each_more(tmp_path):
    Database(f"sqlite:///{tmp_path / 'c.db'}", SystemClock()).upgrade()
    variables = {
        "HOKUSAI_STORE_URL": f"sqlite:///{tmp_path / 'c.db'}",
        "HOKUSAI_API_RATES": f"control=1/d burst {BURST}",
    }
    first_folder, second_folder = tmp_path / "1", tmp_path / "2"
    first_folder.mkdir()
    second_folder.mkdir()

    with serving(first_folder, **variables) as first:
        answers = [asked(first)]
        assert answers == [(200, BURST - 1)]
        with serving(second_folder, **variables) as second:
            # The second counts both from its start, the first from its next heartbeat.
            answers.append(asked(second))
            assert answers[-1] == (200, BURST // 2 - 1)
            eventually(lambda: knows_the_other(first, answers), every=0.5)
            answers += [asked(url) for _ in range(BURST) for url in (first, second)]
        used = [status for status, _ in answers].count(200)

    assert BURST <= used <= BURST + BURST // 2
    assert {status for status, _ in answers[-10:]} == {429}


def knows_the_other(url, answers):
    """Return True if the process permits no more than its half of the burst."""
    answers.append(asked(url))
    return answers[-1][1] < BURST // 2
