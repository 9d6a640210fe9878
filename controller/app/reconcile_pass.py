"""One pass of the long-running controller, counted and written down."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

from controller.app.delegated_intervention import answer_requests
from controller.app.document_watch import DocumentWatch
from controller.bootstrap.controller import Controller
from controller.bootstrap.store import Store
from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import ControllerError
from controller.core.resources.driver import Failed
from controller.core.values.counts import counted
from controller.engine.activity import Activity, stuck_reason
from controller.engine.reconciler import PassResult
from controller.spec.document import Document
from controller.store.events import EventLog
from controller.store.heartbeat import HEART, Heartbeats
from controller.store.redrive import DeliveryRequests
from controller.store.retention import History, HistoryAges
from controller.store.triggers import Triggers
from controller.telemetry.logs import pass_context
from controller.telemetry.metrics import (
    RECONCILE_ERRORS,
    RECONCILE_SECONDS,
    RECONCILES,
    Metrics,
)

log = logging.getLogger(__name__)

_PRUNING = timedelta(hours=1)
# Kinds whose state a registration in MLflow changes.
REGISTRATION_KINDS = frozenset({"model", "webhook"})


class ReconcilePasses:
    """Passes of one term of leadership, on the current document.

    Attributes:
        last: Monotonic time at which the last pass was completed.
        activity: Present pass.

    Args:
        controller: Controller that observes and acts.
        watch: Current document.
        stored: Store of the term.
        holder: Id of this process.
        numbers: Numbers of the passes of this process.
        ages: Ages after which history is deleted from the store.
        metrics: Metrics of the passes.
        clock: Clock.
    """

    def __init__(
        self,
        controller: Controller,
        watch: DocumentWatch,
        stored: Store,
        holder: str,
        numbers: Iterator[int],
        ages: HistoryAges,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self.last = clock.monotonic()
        self.activity = Activity(clock)
        self._controller = controller
        self._watch = watch
        self._holder = holder
        self._numbers = numbers
        self._ages = ages
        self._history = History(stored.database)
        self._next_pruning = clock.monotonic()
        self._metrics = metrics
        self._clock = clock
        self._database = stored.database
        self._heart = Heartbeats(stored.database)
        self._triggers = Triggers(stored.database)
        self._deliveries = DeliveryRequests(stored.database)
        self._events = EventLog(stored.database)
        self._heard = -1
        self._digest = ""
        self._demands = 1
        self._met = 0
        self._registrations = 0
        self._registrations_met = 0

    def demand(self) -> None:
        """Look at everything in the next pass. Any thread may call this."""
        self._demands += 1

    def demand_registrations(self) -> None:
        """Look at models and webhooks in the next pass. Any thread may call this."""
        self._registrations += 1

    def ask(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` if the document changed, or a pass was requested."""
        if self._wanted():
            wake()

    def _wanted(self) -> bool:
        if self._watch.current().digest != self._digest:
            return True
        try:
            return self._triggers.latest() > self._heard
        except ControllerError as error:
            # The pass that follows the outage reads all requests.
            log.debug("requests not readable", extra={"error": str(error)})
            return False

    def stalled(self) -> str:
        """Return the reason why this process must give up the lease, or nothing."""
        late = timedelta(seconds=self._clock.monotonic() - self.last)
        interval = self._controller.document.platform.interval
        return stuck_reason("no pass was completed", late, interval)

    def stuck(self) -> str:
        """Return the reason if a pass has not come back for long, or nothing."""
        interval = self._controller.document.platform.interval
        duration = self.activity.duration()
        return stuck_reason("a pass has not ended", duration, interval)

    def run(self) -> timedelta:
        """Run one pass, and return the time until the next.

        Raises:
            ControllerError: The pass ended early.
        """
        controller = self._controller
        with (
            pass_context(f"{self._holder}/{next(self._numbers)}"),
            self.activity.working(),
        ):
            began = self._clock.monotonic()
            demands, heard = self._demands, self._triggers.latest()
            registrations = self._registrations
            document = self._watch.current()
            asked = heard > self._heard
            if heard > self._heard or document.digest != self._digest:
                demands = self._demands = self._demands + 1
            self._heard, self._digest = heard, document.digest
            controller.document = document
            if asked:
                answer_requests(controller, self._database)
            changed = registrations > self._registrations_met
            result = controller.reconcile_due(
                everything=demands > self._met,
                changed=REGISTRATION_KINDS if changed else frozenset(),
            )
            # Not before: a pass that breaks off has met nothing.
            self._met, self._registrations_met = demands, registrations
            self.last = self._clock.monotonic()
            self._heart.beat(HEART, self._holder)
            self._count(result, self.last - began)
            self._cancel_deliveries(document)
            self._prune()
            return result.next_in

    def _cancel_deliveries(self, document: Document) -> None:
        """Cancel the pending deliveries of targets that are no longer declared.

        A document that declares nothing at all is probably a mistake.
        """
        if not document.resources:
            return
        declared = [id_.name for id_ in document.resources if id_.kind == "webhook"]
        reason = "the target is no longer declared"
        for name, count in self._deliveries.cancel_undeclared(declared, reason).items():
            cancelled = counted(count, "pending delivery", "pending deliveries")
            message = f"{cancelled} cancelled: {reason}."
            target, now = ResourceId("webhook", name), self._clock.now()
            self._events.record(target, "Warning", "DeliveriesCancelled", message, now)
            log.warning("deliveries cancelled", extra={"target": name, "count": count})

    def _prune(self) -> None:
        """Delete old history, once an hour; a failure waits for the next time."""
        now = self._clock.monotonic()
        if now < self._next_pruning:
            return
        self._next_pruning = now + _PRUNING.total_seconds()
        try:
            today = self._clock.now()
            deleted = self._history.prune(
                today - self._ages.history, today - self._ages.dead
            )
        except ControllerError as error:
            log.warning("history not deleted", extra={"error": str(error)})
            return
        if deleted.rows:
            log.info("old history deleted", extra={"rows": deleted.rows})
        if deleted.dead:
            # Nothing sends them any more.
            log.warning("dead deliveries deleted", extra={"count": deleted.dead})

    def _count(self, result: PassResult, seconds: float) -> None:
        failed = [o for o in result.outcomes.values() if isinstance(o, Failed)]
        outcome = "failed" if failed else "acted" if result.outcomes else "converged"
        self._metrics.count(RECONCILES, outcome=outcome)
        for _ in failed:
            self._metrics.count(RECONCILE_ERRORS)
        self._metrics.measure(RECONCILE_SECONDS, seconds)
