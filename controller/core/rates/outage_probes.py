"""Interval of the probes of a resource that does not work.

A short outage is to end for its users as soon as it ends; a long one must not cost its
server and the name servers a request every two seconds.
"""

from datetime import timedelta

FIRST_MINUTE = timedelta(minutes=1)
EARLY = timedelta(seconds=2)
LATE = timedelta(seconds=30)


def probe_interval(outage: timedelta) -> timedelta:
    """Return the time until the next probe, after an outage of this duration.

    A clock that was set back makes the duration negative: the outage then counts as
    new.
    """
    return EARLY if outage < FIRST_MINUTE else LATE
