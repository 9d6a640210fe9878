"""Phases of the migration from a Redis queue to webhooks.

A delivery carries the phase in which its event was announced. A change of the phase
concerns later events only.
"""

from typing import Literal

Phase = Literal["dual", "webhook_primary", "webhook_only"]
DUAL: Phase = "dual"
WEBHOOK_PRIMARY: Phase = "webhook_primary"
WEBHOOK_ONLY: Phase = "webhook_only"
# In the order of the migration.
PHASES: tuple[Phase, ...] = (DUAL, WEBHOOK_PRIMARY, WEBHOOK_ONLY)


def is_advance(before: Phase, after: Phase) -> bool:
    """Return True if ``after`` relies more on the webhook than ``before``."""
    return PHASES.index(after) > PHASES.index(before)


def phase_named(text: str) -> Phase:
    """Return the phase that a row of the store names.

    An empty name is that of a row from before the phases: Redis was not used.
    """
    return next((phase for phase in PHASES if phase == text), WEBHOOK_ONLY)
