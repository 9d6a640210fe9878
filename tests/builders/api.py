"""Records, sections and rollouts that the control API serves."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx

from controller.api.auth.authentication import Authentication, BootstrapKey
from controller.api.auth.requirements import CallerCheck
from controller.core.audit.chain import (
    BreakCause,
    ChainBreak,
    ChainReport,
    appended,
)
from controller.core.audit.entry import AuditEntry
from controller.core.document.resource import ResourceId
from controller.core.models.history import ModelEvent
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.details import DetailSection
from controller.core.resources.log_lines import LogLine
from controller.core.resources.plan import Verb
from controller.core.resources.rollouts import Result, RolloutRecord
from controller.core.status.cause import LastAttempt
from controller.core.webhooks.breaker import Breaker
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.delivery_requests import DeliveryDetails
from controller.core.webhooks.records import DeliveryAttempt, DeliveryReport
from controller.store.events import RecordedEvent
from controller.store.heartbeat import Heartbeat
from tests.fakes.stopped_clock import NOON

A_DAY_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)
API = ResourceId("service", "api")


AUDITED = appended(
    None,
    AuditEntry(
        actor="ada@laptop",
        via="command",
        action="restart",
        kind="service",
        name="api",
        outcome="Applied",
        reason="it leaks",
        details="{}",
    ),
    A_DAY_AGO.isoformat(),
)


def access_with(*keys, others=(), limits=None):
    """Return the check of callers with the keys of the settings, and other sources."""
    authentication = Authentication([*map(BootstrapKey, keys), *others])
    return CallerCheck(authentication, limits)


class Records:
    """What a controller wrote down."""

    def __init__(self):
        self.wishes = []

    def statuses(self):
        ready = Condition(
            ConditionType.READY, Truth.TRUE, "Ready", "Fine.", "v1:g", A_DAY_AGO
        )
        return {API: {ConditionType.READY: ready}}

    def last_pass(self):
        return Heartbeat("host:1", A_DAY_AGO)

    def events(self, limit, of):
        found = (
            RecordedEvent(API, "Normal", "Ready", "Fine.", 2, A_DAY_AGO, A_DAY_AGO),
        )
        return tuple(h for h in found if of in {None, h.resource})[:limit]

    def tried(self, id_):
        at = A_DAY_AGO
        return (
            LastAttempt(at, Verb.UPDATE, "Failed", "denied", 2, at)
            if id_ == API
            else None
        )

    def audit(self, limit, of):
        found = (AUDITED,)
        return tuple(r for r in found if of in {None, API})[:limit]

    def audit_report(self):
        return ChainReport(1, AUDITED.hash, ChainBreak(2, BreakCause.LINK))

    def ask(self, reason):
        self.wishes.append(reason)
        return len(self.wishes)


REPORT = DeliveryReport(
    id=1,
    event_id="id-1",
    model="leads",
    number=3,
    target="site",
    state=DeliveryState.DEAD,
    attempts=1,
    next_at=A_DAY_AGO,
    reason="the receiver answered 422",
    recorded=A_DAY_AGO,
    ended=A_DAY_AGO,
    type="model.registered",
    cause="refused",
    claimed_until=None,
)


class Deliveries:
    """One delivery with one attempt."""

    def selected(self, chosen, limit):
        return (REPORT,)[:limit] if chosen.target in {None, "site"} else ()

    def details(self, delivery_id):
        attempt = DeliveryAttempt(
            *(1, "answered", A_DAY_AGO, A_DAY_AGO, 422, "", 0.25),
            possible_duplicate=False,
        )
        breaker = Breaker(failures=1, open_until=A_DAY_AGO)
        return (
            DeliveryDetails(REPORT, (attempt,), "{}", breaker, NOON)
            if delivery_id == REPORT.id
            else None
        )


class Nothing:
    """Neither components nor models."""

    async def components(self):
        return {}

    async def models(self):
        raise AssertionError


class AppTransport(httpx.BaseTransport):
    """Asks an application without a socket."""

    def __init__(self, app):
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request):
        async def asked():
            answer = await self._inner.handle_async_request(request)
            body = await answer.aread()
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=body
            )

        return asyncio.run(asked())


SECTIONS = (
    DetailSection("tasks", ("task", "port", "load", "ours"), (("t-1", 80, 0.5, True),)),
    DetailSection("log", ("at", "line"), problem="logs:GetLogEvents was refused"),
)
ROLLED = (
    RolloutRecord("d-2", "api:2", Result.UNDER_WAY, NOON, present=True),
    RolloutRecord(
        *("d-1", "api:1", Result.ROLLED_BACK, NOON, NOON, ("web@sha256:1",)),
        by="arn:aws:iam::1:user/ada",
        reason="it died",
        set_aside="ada: login fails",
        intervention="restart by ada: it leaks",
    ),
)


PROMOTED = (
    ModelEvent(
        *(NOON, "Promoted", 2, "production", 1, "Applied", "ada", "better", "c0ffee")
    ),
    ModelEvent(NOON, "Registered", 2),
)


class World:
    """A world with one service in it, which writes."""

    def __init__(self):
        self.written = []
        self.error = None
        self.looks = 0

    def write(self, *seconds, text="said"):
        self.written += [
            LogLine(f"{at:+}", NOON + timedelta(seconds=at), "t-1", f"{text} {at:+}")
            for at in seconds
        ]

    def details(self, _id):
        return self._seen(SECTIONS)

    def rollouts(self, _id):
        return self._seen(ROLLED)

    def model_history(self, _id):
        return self._seen(PROMOTED)

    def lines(self, _id, since, source, most):
        found = [line for line in self.written if line.at >= since]
        return self._seen(tuple(f for f in found if f.source.startswith(source)))

    def _seen(self, found):
        self.looks += 1
        if self.error is not None:
            raise self.error
        return found
