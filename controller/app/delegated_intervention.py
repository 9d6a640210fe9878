"""Requested operations while another controller holds the lease, which executes them.

The request is a note in the store and a wish for a pass; the answer is a note, too. A
holder that dies in between finds the request again: each verb refuses, or does
nothing, the second time.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from controller.app.delegated_apply import DelegatedApply, Statuses
from controller.app.intervention import Intervention, ReportProgress
from controller.app.session import Session
from controller.bootstrap.controller import Controller
from controller.bootstrap.store import open_store
from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.errors import ControllerError, RefusedError
from controller.core.resources.condition import Conditions, ConditionType
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Verb
from controller.core.values.identity import derived_uuid
from controller.store.database import Database
from controller.store.heartbeat import HEART, Heartbeat, Heartbeats
from controller.store.notes import StoredNotes
from controller.store.status import StatusTable
from controller.store.triggers import Triggers

REQUEST, ANSWER = "request", "answer"
_POLL_SECONDS = 0.2
# The holder notices a request within a second, but may first complete a pass.
_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """Result of a request: done or refused, as a sentence."""

    number: str
    done: bool
    message: str


class DelegatedIntervention(Intervention):
    """A requested operation on one resource, executed by the holder of the lease."""

    def __init__(
        self, controller: Controller, target: ResourceId, database: Database
    ) -> None:
        super().__init__(controller, target)
        self._target = target
        self._database = database
        self._notes = StoredNotes(database)

    def carry_out(self, action: Action) -> str:
        """Record the request, and return the answer of the holder.

        Raises:
            RefusedError: the request was refused, or there was no answer in time.
        """
        clock, request = SystemClock(), action.request
        if request is None:
            msg = f"{action.verb} has no request"
            raise AssertionError(msg)
        now = clock.now()
        number = str(derived_uuid(request.by, request.reason, now.isoformat()))
        asked = {"number": number, "verb": action.verb.value, **asdict(request)}
        with self._database.writing():
            self._notes.keep(self._target, REQUEST, json.dumps(asked))
            Triggers(self._database).ask(f"{action.verb} {self._target}", now)
        began = clock.monotonic()
        while clock.monotonic() - began < _PATIENCE_SECONDS:
            answer = _answer_of(self._notes.of(self._target).get(ANSWER))
            if answer is not None and answer.number == number:
                if not answer.done:
                    raise RefusedError(answer.message)
                return answer.message
            clock.sleep(_POLL_SECONDS)
        msg = (
            f"{self._target}: the holder of the lease did not answer within "
            f"{_PATIENCE_SECONDS:.0f} s; the request stays pending"
        )
        raise RefusedError(msg)

    def _roll_out(self, timeout: float, told: ReportProgress) -> bool:
        """Follow the passes that its holder does on it until it has settled."""

        def turn(statuses: Statuses, elapsed: float) -> None:
            for conditions in statuses.values():
                told(conditions[ConditionType.READY].message, elapsed)

        asking = DelegatedApply(self, SystemClock(), {self._target: self._resource})
        return asking.until_settled(timeout, turn).converged

    def both(self) -> tuple[Statuses, Heartbeat | None]:
        """Return the holder's last conditions, with the time of the pass."""
        last = Heartbeats(self._database).last(HEART)
        return StatusTable(self._database).all(), last

    def ask(self, reason: str) -> int:
        """Request a pass."""
        return Triggers(self._database).ask(reason, SystemClock().now())

    def concluded(self) -> dict[ResourceId, Conditions]:
        """Return the result of the holder's last pass."""
        found = StatusTable(self._database).all().get(self._target)
        return {} if found is None else {self._target: found}


@contextmanager
def delegating(context: Session, target: ResourceId) -> Iterator[DelegatedIntervention]:
    """Yield an intervention on ``target`` that the holder of the lease executes."""
    with ExitStack() as closing:
        stored = open_store(context.settings, SystemClock(), upgrade=False)
        closing.callback(stored.database.close)
        controller = Controller(
            context.document,
            context.settings,
            context.environ,
            context.kinds,
            stored=stored,
            light=True,
        )
        closing.callback(controller.close)
        yield DelegatedIntervention(controller, target, stored.database)


def answer_requests(controller: Controller, database: Database) -> None:
    """Execute recorded requests, and answer each. Only for the holder of the lease."""
    notes, declared = StoredNotes(database), controller.document.resources
    for id_, text in sorted(notes.under(REQUEST, declared.keys()).items()):
        answer = _answered(controller, id_, json.loads(text))
        with database.writing():
            notes.keep(id_, ANSWER, json.dumps(asdict(answer)))
            notes.forget(id_, REQUEST)


def _answered(
    controller: Controller, id_: ResourceId, asked: dict[str, str]
) -> _Answer:
    work = Intervention(controller, id_)
    request = OperationRequest(asked["by"], asked["reason"], asked["wanted"])
    try:
        action = work.action(Verb(asked["verb"]), request)
        return _Answer(asked["number"], done=True, message=work.carry_out(action))
    except ControllerError as error:
        return _Answer(asked["number"], done=False, message=str(error))


def _answer_of(text: str | None) -> _Answer | None:
    return None if text is None else _Answer(**json.loads(text))
