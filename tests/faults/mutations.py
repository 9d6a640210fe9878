"""The planted bugs: what is wrong, where, with what instead, and where it shows."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from controller.bootstrap import holder
from controller.clients import fence
from controller.clients.aws_destinations import AwsDestinations
from controller.clients.mlflow.reader import MlflowReader
from controller.core.models import gates
from controller.core.planning import planner
from controller.core.resources.kind import no_hold
from controller.core.resources.observation import ObservedState
from controller.core.resources.plan import Plan
from controller.core.status import resource_conditions
from controller.core.webhooks import event, outside_changes
from controller.core.webhooks.answers import AwsAccepted
from controller.engine import executor, observer, reconciler, resource_events
from controller.engine.audit_trail import AuditTrail
from controller.engine.leader import Leader
from controller.engine.resource_events import ResourceEvents
from controller.engine.store_memory import StoreMemory
from controller.kinds.endpoint.aws import PublishedParameters
from controller.kinds.hint import driver as hint_driver
from controller.kinds.hint.driver import HintDriver
from controller.kinds.model import driver as model_driver
from controller.kinds.model import promotion as model_promotion
from controller.kinds.service.aws import undeclared
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.aws.undeclared import UndeclaredServices
from controller.kinds.service.lifecycle.aws import ServiceLifecycle
from controller.kinds.service.operations import requests
from controller.kinds.service.operations.aws.steps import OneOffSteps
from controller.kinds.service.scaling.aws import Scaling
from controller.kinds.webhook import driver as webhook_driver
from controller.kinds.webhook.rotation.aws import steps as rotation_steps
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret
from controller.store import announcements
from controller.store.announcements import AnnouncementLedger
from controller.store.approvals import StoredApprovals
from controller.store.events import EventLog
from controller.store.journal import IntentJournal
from controller.store.model_metadata import StoredMetadata
from controller.store.outbox import Outbox
from controller.store.redrive import DeliveryRequests
from tests.fakes.sim_controller import KINDS
from tests.faults.bugs import (
    all_but_last,
    always,
    always_closes,
    always_ready,
    approvals_of_tags,
    audits_before,
    believes_in_writes,
    compares_raw,
    draws_ids,
    drops_updates,
    failed_is_absent,
    first_version,
    keeps_reading,
    kind,
    logs_secrets,
    no_duplicates,
    no_such_phase,
    one_profile,
    owner_is_ours,
    publishes_pins,
    registers_always,
    restarts_no_reader,
    returns,
    says_applied,
    scales_down,
    stamps_nothing,
    stores_no_approval,
    tells_copies,
    unknown_is_absent,
    unpublished,
    waits_for_nothing,
    without_draw,
)

# The packages give their functions the names of the modules.
model_compare = import_module("controller.kinds.model.compare")
service_lifecycle = import_module("controller.kinds.service.lifecycle.aws")
service_compare = import_module("controller.kinds.service.compare.diff")
Replacement: TypeAlias = tuple[str, Any, str, Callable[[Any], Any], tuple[str, ...]]

VERSION, ALIAS, ROLLOUT = "new model version", "alias move", "image rollout"
BAD = "rollout that fails and is rolled back"
STEPS, REMOVAL = "migration before a rollout", "removal of a resource"
SCALES = "fields and scaling come and go"
GATED, FORGED, UNSIGNED, HELD = (
    "version of a gated alias",
    "version that only a tag approves",
    "version without a signature",
    "rollback of an alias by hand",
)
DELETED = "service deleted by hand"
HINT = "hint comes, changes and goes"
ROTATION = "rotation in Secrets Manager"
TOGETHER = "webhook and Redis together"
FALLBACK = "Redis for what the webhook refuses"
PROMOTED, EDITED = "promotion announced", "edit by hand announced"
FAILED, REDRIVEN = "failed rollout announced", "redrive by hand"
QUEUED = "versions announced to a queue"
ON_BUS = "versions announced to an event bus"
PROFILED = "webhook target with another payload"
ADDED, REMOVED = "webhook target added", "webhook target removed"
ADDRESS, CHAIN = "endpoint address change", "dependency chain"
READER = "published addresses and their reader"
ADOPT, ALL, ABA = (
    "adoption of what exists",
    "everything from nothing",
    "document A to B to A",
)


REPLACEMENTS: tuple[Replacement, ...] = (
    (
        "Unknown is taken for Absent",
        ObservedState,
        "of",
        unknown_is_absent,
        (ROLLOUT, ALIAS),
    ),
    (
        "a failed look is taken for Absent",
        observer,
        "_result",
        failed_is_absent,
        (VERSION, ROLLOUT),
    ),
    (
        "the barrier between dependencies is gone",
        executor.Executor,
        "_apply",
        waits_for_nothing,
        (CHAIN,),
    ),
    ("updates are dropped", planner, "change_verdicts", drops_updates, (ALIAS,)),
    (
        "a version is not looked for first",
        model_driver,
        "registered",
        registers_always,
        (VERSION, ABA),
    ),
    (
        "the registry is read once for all",
        MlflowReader,
        "clear",
        keeps_reading,
        (VERSION, ALIAS),
    ),
    ("copies are not marked", model_compare, "duplicates", no_duplicates, (VERSION,)),
    ("copies are announced", event, "ready_originals", tells_copies, (REMOVED,)),
    (
        "failures are told as successes",
        executor.Executor,
        "_attempt",
        says_applied,
        (CHAIN, VERSION),
    ),
    (
        "event ids are drawn, not derived",
        webhook_driver,
        "model_registered",
        draws_ids,
        (ADDED, REMOVED),
    ),
    (
        "every target gets the default payload",
        webhook_driver,
        "with_profiles",
        one_profile,
        (PROFILED,),
    ),
    (
        "every event about a resource has the default payload",
        resource_events,
        "with_profiles",
        one_profile,
        (PROMOTED,),
    ),
    (
        "everything is said to be ready",
        resource_conditions,
        "_ready",
        always_ready,
        (ROLLOUT,),
    ),
    ("a plan is always in sync", Plan, "in_sync", always, (ROLLOUT, VERSION)),
    ("a plan is always complete", Plan, "complete", always, (ROLLOUT,)),
    ("secrets are put into events", EventLog, "record", logs_secrets, (ROLLOUT,)),
    ("an action has no audit row", AuditTrail, "record", returns(None), (ALIAS,)),
    (
        "a dead process leaves no audit row",
        AuditTrail,
        "close",
        returns(None),
        (ALIAS,),
    ),
    (
        "the audit row is written before the action",
        StoreMemory,
        "started",
        audits_before,
        (ALIAS,),
    ),
    (
        "an outcome that was not recorded is recorded without looking",
        IntentJournal,
        "finish",
        always_closes,
        (ALIAS,),
    ),
    (
        "metadata is not stored",
        model_driver.ModelDriver,
        "record",
        returns(None),
        (VERSION,),
    ),
    (
        "metadata is thought to be stored after a failed write",
        StoredMetadata,
        "_write",
        believes_in_writes,
        (VERSION,),
    ),
    ("the outbox is never drained", Outbox, "claim", returns(()), (ADDED,)),
    (
        "the last event is not announced",
        AnnouncementLedger,
        "announce",
        all_but_last,
        (ADDED,),
    ),
    (
        "messages are sent while the webhook works",
        announcements,
        "WEBHOOK_PRIMARY",
        no_such_phase,
        (FALLBACK,),
    ),
    (
        "held messages never end",
        Outbox,
        "settle_held",
        returns(0),
        (FALLBACK,),
    ),
    (
        "events have no message for Redis",
        webhook_driver,
        "redis_message",
        returns(None),
        (TOGETHER,),
    ),
    (
        "a move that no outcome recorded is not published",
        ResourceEvents,
        "observed",
        returns(0),
        (PROMOTED, EDITED),
    ),
    (
        "an edit is published in each pass",
        outside_changes,
        "DRIFT",
        lambda _old: "another key",
        (EDITED,),
    ),
    (
        "a failed rollout is not published",
        ResourceEvents,
        "status_changed",
        returns(None),
        (FAILED,),
    ),
    (
        "a redrive leaves the dead deliveries",
        DeliveryRequests,
        "redrive",
        returns(()),
        (REDRIVEN,),
    ),
    (
        "a queue is sent nothing",
        AwsDestinations,
        "_enqueue",
        returns(AwsAccepted("none")),
        (QUEUED,),
    ),
    (
        "an event bus is sent nothing",
        AwsDestinations,
        "_put",
        returns(AwsAccepted("none")),
        (ON_BUS,),
    ),
    ("a delivery never ends", Outbox, "finish_all", returns([False]), (ADDED,)),
    ("an old stamp stays", planner, "stale_stamp", stamps_nothing, (ROLLOUT,)),
    ("the address is not published", KINDS, "endpoint", unpublished, (ADDRESS,)),
    ("a pinned address is published", KINDS, "endpoint", publishes_pins, (ADDRESS,)),
    ("a reader is not restarted", KINDS, "endpoint", restarts_no_reader, (READER,)),
    (
        "a parameter without an endpoint is not seen",
        PublishedParameters,
        "undeclared",
        returns({}),
        (READER,),
    ),
    (
        "a parameter without an endpoint is not deleted",
        PublishedParameters,
        "delete",
        returns(None),
        (READER,),
    ),
    (
        "an equal revision is not looked for",
        EcsServices,
        "equal_revisions",
        returns(()),
        (ROLLOUT, ABA),
    ),
    (
        "what was rejected is forgotten",
        KINDS,
        "service",
        kind(hold_reason=no_hold),
        (BAD,),
    ),
    (
        "others' services are ours",
        undeclared,
        "ownership_of",
        owner_is_ours,
        (ADOPT,),
    ),
    (
        "an alias points to the first version",
        model_driver,
        "alias_decisions",
        first_version,
        (ALIAS,),
    ),
    (
        "the number of tasks is always set",
        ServiceLifecycle,
        "update",
        scales_down,
        (ROLLOUT, ADOPT),
    ),
    (
        "a late leader writes to the backends",
        fence,
        "_check",
        returns(None),
        (ALIAS, ROLLOUT),
    ),
    (
        "a leader believes for ever",
        Leader,
        "is_leader",
        returns(True),
        (ALIAS, VERSION),
    ),
    (
        "compared before normalising",
        service_compare,
        "canonical_service",
        compares_raw,
        (ROLLOUT,),
    ),
    (
        "a model field that is not declared stays",
        model_driver,
        "managed_words",
        returns(frozenset()),
        ("model fields come and go",),
    ),
    ("nothing is done", reconciler.Reconciler, "_guarded", returns(Plan()), (ALIAS,)),
    (
        "a creation after a deletion has the token of the first",
        service_lifecycle,
        "creation_token",
        returns("token"),
        (DELETED,),
    ),
    ("steps before a rollout are skipped", OneOffSteps, "waits", returns(""), (STEPS,)),
    (
        "undeclared services are not seen",
        UndeclaredServices,
        "of",
        returns({}),
        (REMOVAL,),
    ),
    ("an autoscaler is not ended", Scaling, "end", returns(None), (SCALES,)),
    (
        "what came of a restart is not known",
        requests,
        "has_restarted",
        returns(False),
        ("restart by hand",),
    ),
    (
        "a process is known by host name and pid",
        holder,
        "holder_name",
        without_draw,
        (ALIAS, ROLLOUT),
    ),
    (
        "the gates of an alias are not evaluated",
        model_promotion,
        "gate_results",
        returns(()),
        (FORGED,),
    ),
    (
        "an approval is taken from the tag",
        model_driver,
        "approvals_by_number",
        approvals_of_tags,
        (FORGED,),
    ),
    (
        "an approval is not stored",
        StoredApprovals,
        "approve",
        stores_no_approval,
        (GATED,),
    ),
    (
        "signatures are not compared",
        gates,
        "incompatibility",
        returns(""),
        (UNSIGNED,),
    ),
    (
        "an alias that was moved stays if it has gates",
        model_driver,
        "wanted_records",
        returns({}),
        (FORGED,),
    ),
    (
        "a rollback of an alias is forgotten",
        model_promotion,
        "alias_records",
        returns({}),
        (HELD,),
    ),
    (
        "a rollback of an alias is not recorded",
        model_driver,
        "alias_records_tag",
        returns({}),
        (HELD,),
    ),
    (
        "webhooks in MLflow are not deleted",
        HintDriver,
        "_delete",
        returns(None),
        (HINT,),
    ),
    (
        "a rotated secret of the hint is not noticed",
        hint_driver,
        "fingerprint",
        returns("00000000"),
        (HINT,),
    ),
    (
        "a refused promotion is not taken back",
        rotation_steps,
        "due_stage",
        returns(None),
        (ROTATION,),
    ),
    (
        "labels of a secret are not moved",
        RotatedSecret,
        "_move",
        returns(None),
        (ROTATION,),
    ),
    ("the intent is dropped", StoreMemory, "started", returns(0), (VERSION,)),
)
