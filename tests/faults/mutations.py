"""The planted bugs: what is wrong, where, with what instead, and where it shows."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from itertools import count
from typing import Any, TypeAlias

from controller.clients import fence
from controller.clients.mlflow.reader import MlflowReader
from controller.core import announce, planner, status
from controller.core.conditions import ConditionType, Truth
from controller.core.driver import Applied
from controller.core.kind import never_held
from controller.core.observation import Absent, ObservedState, Ownership, Unknown
from controller.core.plan import Plan
from controller.engine import executor, observer, reconciler
from controller.engine.leader import Leader
from controller.engine.store_memory import StoreMemory
from controller.kinds.model import driver as model_driver
from controller.kinds.service import describe, undeclared
from controller.kinds.service import driver as service_driver
from controller.kinds.service.before import Before
from controller.kinds.service.describe import Ecs
from controller.kinds.service.scaling import Scaling
from controller.kinds.service.undeclared import Undeclared
from controller.kinds.webhook import driver as webhook_driver
from controller.store.events import EventLog
from controller.store.ledger import Ledger
from controller.store.outbox import Outbox
from tests.fakes.sim_controller import KINDS
from tests.faults.world import CANARY

# The package gives its function the name of the module.
model_compare = import_module("controller.kinds.model.compare")
Replacement: TypeAlias = tuple[str, Any, str, Callable[[Any], Any], tuple[str, ...]]

VERSION, ALIAS, ROLLOUT = "new model version", "alias move", "image rollout"
BAD = "rollout that fails and is rolled back"
STEPS, REMOVAL = "migration before a rollout", "removal of a resource"
SCALES = "fields and scaling come and go"
ADDED, REMOVED = "webhook target added", "webhook target removed"
ADDRESS, CHAIN = "endpoint address change", "dependency chain"
ADOPT, ALL, ABA = (
    "adoption of what exists",
    "everything from nothing",
    "document A to B to A",
)


def _returns(value: Any) -> Callable[[Any], Any]:
    return lambda _old: lambda *_a, **_k: value


def _unknown_is_absent(old: Any) -> Any:
    def of(self: Any, resource: Any) -> Any:
        seen = old(self, resource)
        return Absent() if isinstance(seen, Unknown) else seen

    return of


def _failed_is_absent(_old: Any) -> Any:
    def answer(
        kind: Any, declared: Any, look: Any, left: float, deadline: float
    ) -> Any:
        try:
            return look.result(timeout=left)
        except Exception:  # noqa: BLE001 - the bug
            return {id_: Absent() for id_ in declared}

    return answer


def _registers_always(_old: Any) -> Any:
    return lambda versions, hash_: None


def _waits_for_nothing(old: Any) -> Any:
    return lambda self, action, _before: old(self, replace(action, waits_for=()), {})


def _says_applied(old: Any) -> Any:
    def attempt(self: Any, action: Any) -> Any:
        old(self, action)
        return Applied()

    return attempt


def _drops_updates(old: Any) -> Any:
    def repairs(*args: Any) -> Any:
        return iter(())

    return repairs


def _always_ready(_old: Any) -> Any:
    def ready(synced: Any, healthy: Any) -> Any:
        return status._Finding(ConditionType.READY, Truth.TRUE, "Ready", "It is.")

    return ready


def _keeps_reading(_old: Any) -> Any:
    return lambda self: None


def _no_duplicates(_old: Any) -> Any:
    return lambda versions: {}


def _scales_down(old: Any) -> Any:
    def update(self: Any, action: Any, spec: Any, state: Any) -> Any:
        asked = {"cluster": spec.cluster, "service": spec.name, "desiredCount": 1}
        self._aws.call("ecs", "UpdateService", **asked)
        return old(self, action, spec, state)

    return update


def _always(_old: Any) -> Any:
    return property(lambda self: True)


def _logs_secrets(old: Any) -> Any:
    def record(self: Any, *args: Any, **kwargs: Any) -> Any:
        head, message, now = args[:3], args[3], args[4]
        return old(self, *head, f"{message} {CANARY}", now, **kwargs)

    return record


def _all_but_last(old: Any) -> Any:
    def announce_(self: Any, target: str, sink: Any, events: Any, now: Any) -> int:
        return int(old(self, "site", sink, events[:-1], now))

    return announce_


def _stamps_nothing(_old: Any) -> Any:
    return lambda resource, present: iter(())


def _compares_raw(_old: Any) -> Any:
    return dict


def _owner_is_ours(old: Any) -> Any:
    def ownership(tags: Any, owner: str) -> Any:
        return Ownership.OURS

    return ownership


def _first_version(old: Any) -> Any:
    def alias(spec: Any, target: Any, versions: Any) -> Any:
        found = old(spec, target, versions)
        return None if found is None else min(found, 1)

    return alias


def _draws_ids(old: Any) -> Any:
    drawn = count()

    def registered_(registry: str, version: Any, tags: Any) -> Any:
        event = old(registry, version, tags)
        return replace(event, id=f"{event.id}-{next(drawn)}")

    return registered_


def _kind(**changes: Any) -> Callable[[Any], Any]:
    return lambda kind: replace(kind, **changes)


def _unpublished(kind: Any) -> Any:
    def compare(spec: Any, state: Any) -> Any:
        found = kind.compare(spec, state)
        return tuple(c for c in found if c.path != "fallback.published")

    return replace(kind, compare=compare)


def _tells_copies(_old: Any) -> Any:
    return tuple


REPLACEMENTS: tuple[Replacement, ...] = (
    (
        "Unknown is taken for Absent",
        ObservedState,
        "of",
        _unknown_is_absent,
        (ROLLOUT, ALIAS),
    ),
    (
        "a failed look is taken for Absent",
        observer,
        "_answer",
        _failed_is_absent,
        (VERSION, ROLLOUT),
    ),
    (
        "the barrier between dependencies is gone",
        executor.Executor,
        "_apply",
        _waits_for_nothing,
        (CHAIN,),
    ),
    ("updates are dropped", planner, "repairs", _drops_updates, (ALIAS,)),
    (
        "a version is not looked for first",
        model_driver,
        "registered",
        _registers_always,
        (VERSION, ABA),
    ),
    (
        "the registry is read once for all",
        MlflowReader,
        "clear",
        _keeps_reading,
        (VERSION, ALIAS),
    ),
    ("copies are not marked", model_compare, "duplicates", _no_duplicates, (VERSION,)),
    ("copies are told of", announce, "originals", _tells_copies, (REMOVED,)),
    (
        "failures are told as successes",
        executor.Executor,
        "_attempt",
        _says_applied,
        (CHAIN, VERSION),
    ),
    (
        "event ids are drawn, not derived",
        webhook_driver,
        "model_registered",
        _draws_ids,
        (ADDED, REMOVED),
    ),
    ("everything is said to be ready", status, "_ready", _always_ready, (ROLLOUT,)),
    ("a plan is always in sync", Plan, "in_sync", _always, (ROLLOUT, VERSION)),
    ("a plan is always complete", Plan, "complete", _always, (ROLLOUT,)),
    ("secrets are put into events", EventLog, "record", _logs_secrets, (ROLLOUT,)),
    ("the outbox is never drained", Outbox, "claim", _returns(()), (ADDED,)),
    ("the last event is not announced", Ledger, "announce", _all_but_last, (ADDED,)),
    ("a delivery never ends", Outbox, "finished", _returns(False), (ADDED,)),
    ("an old stamp stays", planner, "stale_stamp", _stamps_nothing, (ROLLOUT,)),
    ("the address is not published", KINDS, "endpoint", _unpublished, (ADDRESS,)),
    (
        "an equal revision is not looked for",
        Ecs,
        "equal_revisions",
        _returns(()),
        (ROLLOUT, ABA),
    ),
    (
        "what was rejected is forgotten",
        KINDS,
        "service",
        _kind(held=never_held),
        (BAD,),
    ),
    (
        "others' services are ours",
        undeclared,
        "ownership_of",
        _owner_is_ours,
        (ADOPT,),
    ),
    (
        "an alias points to the first version",
        model_driver,
        "alias_target",
        _first_version,
        (ALIAS,),
    ),
    (
        "the number of tasks is always set",
        service_driver.ServiceDriver,
        "_update",
        _scales_down,
        (ROLLOUT, ADOPT),
    ),
    (
        "a late leader writes to the backends",
        fence,
        "_check",
        _returns(None),
        (ALIAS, ROLLOUT),
    ),
    ("a leader believes for ever", Leader, "holding", _returns(True), (ALIAS, VERSION)),
    ("compared before normalising", describe, "canonical", _compares_raw, (ROLLOUT,)),
    ("nothing is done", reconciler.Reconciler, "_dared", _returns(Plan()), (ALIAS,)),
    ("steps before a rollout are skipped", Before, "waits", _returns(""), (STEPS,)),
    ("undeclared services are not seen", Undeclared, "of", _returns({}), (REMOVAL,)),
    ("an autoscaler is not ended", Scaling, "end", _returns(None), (SCALES,)),
    ("the intent is dropped", StoreMemory, "started", _returns(0), (VERSION,)),
)
