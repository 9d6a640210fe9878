"""Priorities of new rules: the natural one, or the nearest that is unused."""

from collections.abc import Iterable, Iterator
from itertools import chain

from controller.kinds.service.routes.matching.match import Match, natural_priority
from controller.kinds.service.routes.state import ListenerRule
from controller.kinds.service.spec.routes import MOST_PRIORITY


def free_priority(
    match: Match, managed: Iterable[ListenerRule], used: set[int]
) -> int | None:
    """Return the priority of a new rule for ``match``; None if none is unused.

    Of the managed rules that may match the same request, it comes after the more
    specific and before the less specific ones. Unmanaged rules are never moved; only
    their priorities are avoided.

    Args:
        match: Conditions of the new rule.
        managed: Managed rules of the listener.
        used: All priorities in use on the listener.
    """
    least, most = window(match, managed)
    if least > most:
        least, most = 1, MOST_PRIORITY
    begin = min(max(natural_priority(match), least), most)
    numbers: Iterator[int] = chain(
        range(begin, most + 1), range(begin - 1, least - 1, -1)
    )
    return next((number for number in numbers if number not in used), None)


def window(match: Match, managed: Iterable[ListenerRule]) -> tuple[int, int]:
    """Return the least and greatest priority that keep the order by specificity."""
    least, most = 1, MOST_PRIORITY
    for rule in managed:
        if rule.match == match or not rule.match.overlaps(match):
            continue
        if rule.match.specificity < match.specificity:
            least = max(least, rule.priority + 1)
        elif rule.match.specificity > match.specificity:
            most = min(most, rule.priority - 1)
    return least, most
