"""Diagnosis of a webhook target."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.diagnosis import (
    CheckState,
    ConnectionFacts,
    TargetFindings,
    diagnoses,
)
from controller.core.webhooks.ping import PingResult

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONNECTION = ConnectionFacts(
    ("192.0.2.1",), tls="TLSv1.3", certificate_ends=NOON + timedelta(days=60), date=NOON
)
SECOND = timedelta(seconds=1)


def ping(answer, duration=SECOND):
    return PingResult("site", "https://hokus.ai/hook", "id-1", answer, duration)


FINE = TargetFindings(
    "https://hokus.ai/hook",
    30,
    CONNECTION,
    ping(Answered(200)),
    Answered(401),
    NOON,
)


def states(found):
    return {one.check: one.state.value for one in diagnoses(found)}


def problem(found):
    """Return the only problem."""
    (one,) = [d for d in diagnoses(found) if d.state is CheckState.PROBLEM]
    assert one.remedy
    return one.check, one.message


def test_a_working_target_passes_every_check():
    assert set(states(FINE).values()) == {"ok"}
    assert [*states(FINE)] == [
        *("secrets", "dns", "tls", "redirects"),
        *("ping", "latency", "clock", "signature"),
    ]


@pytest.mark.parametrize(
    ("found", "check", "message"),
    [
        (
            replace(FINE, secret_error="env:S is not set.", ping=None),
            "secrets",
            "A secret cannot be read: env:S is not set.",
        ),
        (
            replace(FINE, connection=ConnectionFacts(dns_error="NXDOMAIN"), ping=None),
            "dns",
            "The host name does not resolve: NXDOMAIN.",
        ),
        (
            replace(
                FINE,
                connection=replace(CONNECTION, tls_error="certificate has expired"),
                ping=None,
            ),
            "tls",
            "The TLS connection failed: certificate has expired.",
        ),
        (
            replace(
                FINE,
                connection=replace(
                    CONNECTION, certificate_ends=NOON + timedelta(days=13)
                ),
            ),
            "tls",
            "The certificate ends at 2026-01-14T12:00:00Z.",
        ),
        (
            replace(FINE, ping=ping(Unanswered("connection refused"))),
            "ping",
            "A signed ping failed: connection refused.",
        ),
        (
            replace(FINE, ping=ping(Answered(401))),
            "ping",
            "A signed ping failed: the receiver answered 401.",
        ),
        (
            replace(FINE, ping=ping(Answered(200), 16 * SECOND)),
            "latency",
            "The answer took 16.00 s; the timeout is 30 s.",
        ),
        (
            replace(FINE, connection=replace(CONNECTION, date=NOON + 61 * SECOND)),
            "clock",
            "The clocks differ by 61 s.",
        ),
        (
            replace(FINE, connection=replace(CONNECTION, date=NOON - 61 * SECOND)),
            "clock",
            "The clocks differ by 61 s.",
        ),
        (
            replace(FINE, forged=Answered(204)),
            "signature",
            "The receiver also accepted a ping with a wrong signature.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else None,
)
def test_a_problem_is_found_by_one_check(found, check, message):
    assert problem(found) == (check, message)


def test_a_redirect_names_its_destination():
    connection = replace(CONNECTION, location="https://www.hokus.ai/hook")
    found = {
        d.check: d
        for d in diagnoses(
            replace(FINE, connection=connection, ping=ping(Answered(307)))
        )
    }

    assert found["redirects"].message == (
        "The receiver answered 307: it redirects to https://www.hokus.ai/hook."
    )
    assert "set `url` to the final address" in found["redirects"].remedy


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422, 500, 503])
def test_every_refused_ping_has_a_remedy(status):
    assert problem(replace(FINE, ping=ping(Answered(status))))[0] == "ping"


def test_a_check_that_could_not_be_made_is_skipped():
    nothing = TargetFindings("http://a.test", 30, ConnectionFacts(), None, None, NOON)

    found = states(nothing)

    assert found["dns"] == "problem"
    assert {found[c] for c in ("tls", "redirects", "ping", "latency", "clock")} == {
        "skipped"
    }
    assert found["signature"] == "skipped"


def test_a_forged_ping_without_an_answer_proves_nothing():
    found = states(replace(FINE, forged=Unanswered("cut off")))

    assert found["signature"] == "skipped"
