"""Last action on a resource, from the store's journal."""

from collections.abc import Sequence
from itertools import takewhile

from controller.core.document.resource import ResourceId
from controller.core.rates.retry import backoff
from controller.core.resources.driver import Failed
from controller.core.status.cause import LastAttempt
from controller.engine.backoff import BETWEEN_PASSES
from controller.store.database import Database
from controller.store.journal import Intent, IntentJournal

# Enough to count failures until they are as far apart as they get.
_LOOKED_BACK = 20


def last_tried(database: Database, id_: ResourceId) -> LastAttempt | None:
    """Return what was last tried, how often it failed, and when it is tried again."""
    intents = IntentJournal(database).history(id_, _LOOKED_BACK)
    if not intents:
        return None
    last = intents[0]
    outcome = last.outcome or "NotFinished"
    failures = _failures(intents)
    again = None
    if failures and last.ended is not None:
        again = last.ended + backoff(BETWEEN_PASSES, failures, str(id_))
    return LastAttempt(last.begun, last.verb, outcome, last.message, failures, again)


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
