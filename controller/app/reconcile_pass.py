"""One pass of the long-running controller, counted and written down."""

import logging
from collections.abc import Callable
from datetime import timedelta

from controller.app.delegated_intervention import answer_requests
from controller.app.document_watch import DocumentWatch
from controller.bootstrap.controller import Controller
from controller.bootstrap.store import Store
from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.core.resources.driver import Failed
from controller.engine.leader import process_name
from controller.engine.reconciler import PassResult
from controller.store.heartbeat import HEART, Heartbeats
from controller.store.triggers import Triggers
from controller.telemetry.logs import pass_context
from controller.telemetry.metrics import (
    RECONCILE_ERRORS,
    RECONCILE_SECONDS,
    RECONCILES,
    Metrics,
)

log = logging.getLogger(__name__)


class ReconcilePasses:
    """Does passes on the document as it is at the time.

    Attributes:
        last: When the last pass was completed, by the steady clock.
    """

    def __init__(
        self, watch: DocumentWatch, stored: Store, metrics: Metrics, clock: Clock
    ) -> None:
        self.last = clock.monotonic()
        self._watch = watch
        self._metrics = metrics
        self._clock = clock
        self._database = stored.database
        self._heart = Heartbeats(stored.database)
        self._triggers = Triggers(stored.database)
        self._heard = self._triggers.latest()
        self._digest = ""
        self._demands = 1
        self._met = 0
        self._controller: Controller | None = None
        self._number = 0

    def use(self, controller: Controller) -> None:
        """Do the passes with ``controller`` from now on."""
        self._controller = controller
        self.last = self._clock.monotonic()

    def demand(self) -> None:
        """Look at everything in the next pass. Any thread may call this."""
        self._demands += 1

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
            log.warning("wishes not readable", extra={"error": str(error)})
            return False

    def run(self) -> timedelta:
        """Do one pass, and return when the next is due."""
        controller = self._controller
        if controller is None:
            msg = "a pass needs a controller"
            raise AssertionError(msg)
        self._number += 1
        with pass_context(f"{process_name()}/{self._number}"):
            began = self._clock.monotonic()
            demands, heard = self._demands, self._triggers.latest()
            document = self._watch.current()
            asked = heard > self._heard or self._number == 1
            if heard > self._heard or document.digest != self._digest:
                demands = self._demands = self._demands + 1
            self._heard, self._digest = heard, document.digest
            controller.document = document
            if asked:
                answer_requests(controller, self._database)
            result = controller.reconcile_due(everything=demands > self._met)
            # Not before: a pass that breaks off has met nothing.
            self._met = demands
            self.last = self._clock.monotonic()
            self._heart.beat(HEART, process_name())
            self._count(result, self.last - began)
            return result.next_in

    def _count(self, result: PassResult, seconds: float) -> None:
        failed = [o for o in result.outcomes.values() if isinstance(o, Failed)]
        outcome = "failed" if failed else "acted" if result.outcomes else "converged"
        self._metrics.count(RECONCILES, outcome=outcome)
        for _ in failed:
            self._metrics.count(RECONCILE_ERRORS)
        self._metrics.measure(RECONCILE_SECONDS, seconds)
