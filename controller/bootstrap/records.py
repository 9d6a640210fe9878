"""What the store remembers, for commands that only read it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile

from controller.bootstrap.command import Context
from controller.bootstrap.store_file import store_is_there
from controller.clients.clock import SystemClock
from controller.core.clock import Clock
from controller.core.conditions import Conditions
from controller.core.driver import Failed
from controller.core.errors import RefusedError
from controller.core.resource import ResourceId
from controller.core.retry import backoff
from controller.core.story import Cause, Rhythm, Tried, cause_of, chain_of
from controller.engine.backoff import BETWEEN_PASSES
from controller.store.database import Database
from controller.store.events import EventLog, Happening
from controller.store.heartbeat import HEART, Heartbeat, Heartbeats
from controller.store.journal import Intent, Journal
from controller.store.status import StatusTable

NOTHING_YET = (
    "No pass was recorded yet: start one with `hokusai run` or `hokusai apply`."
)
# Enough to count failures until they are as far apart as they get.
_LOOKED_BACK = 20


@dataclass(frozen=True)
class Records:
    """What was written down by whoever reconciles. Reads, and never writes.

    Attributes:
        clock: The time.
    """

    clock: Clock
    _context: Context
    _database: Database

    def statuses(self) -> Mapping[ResourceId, Conditions]:
        """Return the conditions that the last pass concluded.

        Raises:
            RefusedError: there was no pass yet.
        """
        found = StatusTable(self._database).all()
        if not found:
            raise RefusedError(NOTHING_YET)
        return found

    def last_pass(self) -> Heartbeat | None:
        """Return when a controller last completed a pass, and which."""
        return Heartbeats(self._database).last(HEART)

    def events(self, limit: int, of: ResourceId | None) -> tuple[Happening, ...]:
        """Return the latest happenings, the last one first."""
        return EventLog(self._database).recent(limit, of)

    def why(self, asked: ResourceId) -> Cause:
        """Return what keeps ``asked`` from being ready."""
        statuses = self.statuses()
        platform = self._context.document.platform
        chain = chain_of(asked, self._context.document.resources, statuses)
        beat = self.last_pass()
        last = beat.beat if beat else None
        rhythm = Rhythm(platform.interval, last, self.clock.now())
        return cause_of(chain, statuses, self._tried(chain[-1]), rhythm)

    def _tried(self, id_: ResourceId) -> Tried | None:
        intents = Journal(self._database).history(id_, _LOOKED_BACK)
        if not intents:
            return None
        last = intents[0]
        outcome = last.outcome or "NotFinished"
        failures = _failures(intents)
        again = None
        if failures and last.ended is not None:
            again = last.ended + backoff(BETWEEN_PASSES, failures, str(id_))
        return Tried(last.begun, last.verb, outcome, last.message, failures, again)


def _failures(intents: Sequence[Intent]) -> int:
    """Return how many of the latest intents, of one declaration, failed in a row."""
    return sum(
        1
        for _ in takewhile(
            lambda intent: (
                intent.outcome == Failed.__name__
                and intent.generation == intents[0].generation
            ),
            intents,
        )
    )


@contextmanager
def records(context: Context) -> Iterator[Records]:
    """Yield what the store remembers.

    Raises:
        RefusedError: there is no store, or one that we cannot read.
    """
    url = context.settings.store_url
    if not store_is_there(context.settings):
        msg = f"there is no store at {url}: {NOTHING_YET[0].lower()}{NOTHING_YET[1:]}"
        raise RefusedError(msg)
    clock = SystemClock()
    database = Database(url.reveal(), clock)
    try:
        database.check()
        yield Records(clock, context, database)
    finally:
        database.close()
