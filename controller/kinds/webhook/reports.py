"""Rows about the latest deliveries of a target."""

from collections.abc import Iterable, Iterator

from controller.core.resources.details import Row
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.records import DeliveryReport

SHOWN = 10
DELIVERY = ("delivery", "model", "state", "attempts", "recorded", "ended", "reason")


def rows(reports: Iterable[DeliveryReport]) -> Iterator[Row]:
    """Yield one row per delivery."""
    for report in reports:
        yield (
            report.id,
            f"{report.model}/{report.number}" if report.number else report.model,
            report.state.value,
            report.attempts,
            utc_text(report.recorded),
            utc_text(report.ended) if report.ended else "",
            report.reason,
        )
