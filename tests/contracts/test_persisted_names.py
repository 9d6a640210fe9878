"""Every name that outlives a process: stored, tagged, configured or scraped.

`persisted_names.yaml` lists them. A name that is changed, added or removed fails here:
an older store, an older tag and somebody's dashboard still have the old one. Condition
and event reasons are left out: a renamed reason gets a migration of its rows.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from controller.api.proxy.registration_turns import LEASE_PREFIX
from controller.core.models.registration import (
    BASELINE_TAG,
    METRIC_TAG,
    TOKEN_TAG,
    registration_hash,
)
from controller.core.resources.condition import ConditionType, Truth
from controller.core.resources.driver import Outcome
from controller.core.resources.plan import Verb
from controller.core.values.identity import client_token, content_hash
from controller.core.webhooks.body_expression import target_profile
from controller.core.webhooks.delivery import DeadCause, DeliveryState
from controller.core.webhooks.event import (
    MODEL_REGISTERED,
    REDIS_PROFILE,
    Profile,
    VersionIdentity,
    event_id,
)
from controller.core.webhooks.outside_changes import APPLIED, DRIFT, POSITIONS
from controller.core.webhooks.publication_phase import PHASES
from controller.core.webhooks.records import Sink
from controller.core.webhooks.redis_message import CHANNEL, QUEUE
from controller.core.webhooks.resource_event import RESOURCE_EVENTS
from controller.engine.leader import LEASE
from controller.settings import VARIABLES
from controller.store.attempts import ANSWERED, STARTED, UNANSWERED, UNKNOWN
from controller.store.delivery_states import BLOCKED, CANCELLED, HELD, SUPERSEDED
from controller.store.events import EventKind
from controller.store.heartbeat import HEART
from controller.store.replicas import SERVE
from controller.store.schema import VERSION_TABLE
from controller.store.tables import metadata
from controller.telemetry.metrics import ALL

ROOT = Path(__file__).parents[2]
LISTED = yaml.safe_load((Path(__file__).parent / "persisted_names.yaml").read_text())
_TAG = re.compile(r"hokusai\.ai/[a-z0-9-]*\.?")


def literals() -> Iterator[str]:
    """Yield each string in the source that is no docstring."""
    for file in sorted((ROOT / "controller").rglob("*.py")):
        tree = ast.parse(file.read_text())
        documentation = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documentation
            ):
                yield node.value


def migrations() -> dict[str, str]:
    files = (ROOT / "controller" / "store" / "migrations" / "versions").glob("v*.py")
    revision = re.compile(r'^revision = "(.+)"$', re.MULTILINE)
    return {file.stem: revision.findall(file.read_text())[0] for file in files}


def tables() -> dict[str, list[str]]:
    return {
        table.name: [column.name for column in table.columns]
        for table in metadata.tables.values()
    }


def labels(metric: Any) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in metric.labels.items()}


def variables() -> dict[str, list[str]]:
    return {row.name: sorted(row.aliases) for row in VARIABLES.values()}


def derived() -> dict[str, str]:
    identity = VersionIdentity("hokusai/development", "leads", 7, 1_700_000_000_123)
    return {
        "event id": event_id(identity, MODEL_REGISTERED),
        "content hash": content_hash({"cpu": 256, "tags": ["a"]}),
        "client token": client_token("service", "api"),
        "registration": registration_hash("leads", "s3://models/one", "run"),
    }


# States that the store keeps as another one with a cause.
WITH_A_CAUSE = {
    DeliveryState.CANCELLED,
    DeliveryState.HELD,
    DeliveryState.SUPERSEDED,
}

FOUND = {
    "tags": sorted({tag for text in literals() for tag in _TAG.findall(text)}),
    "model_tags": sorted({TOKEN_TAG, METRIC_TAG, BASELINE_TAG}),
    "tables": tables(),
    "version_table": VERSION_TABLE,
    "migrations": migrations(),
    "delivery_states": sorted({*DeliveryState} - WITH_A_CAUSE),
    "delivery_causes": sorted({*DeadCause, BLOCKED, CANCELLED, HELD, SUPERSEDED}),
    "publication_phases": sorted(PHASES),
    "redis_names": [QUEUE, CHANNEL],
    "attempt_outcomes": sorted({STARTED, ANSWERED, UNANSWERED, UNKNOWN}),
    "sinks": sorted(get_args(Sink)),
    "payload_profiles": sorted(
        [*get_args(Profile), REDIS_PROFILE, target_profile("NAME")]
    ),
    "webhook_event_types": sorted([MODEL_REGISTERED, *RESOURCE_EVENTS]),
    "condition_types": sorted(ConditionType),
    "condition_statuses": sorted(Truth),
    "event_types": sorted(get_args(EventKind)),
    "intent_verbs": sorted(Verb),
    "intent_outcomes": sorted(type_.__name__ for type_ in get_args(Outcome)),
    "leases": [LEASE, f"{LEASE_PREFIX}NUMBER"],
    "heartbeats": [HEART, f"{SERVE}HOLDER"],
    "notes": [APPLIED, DRIFT, POSITIONS],
    "derived": derived(),
    "environment_variables": variables(),
    "metrics": {metric.name: labels(metric) for metric in ALL},
}


@pytest.mark.parametrize("group", FOUND)
def test_the_names_are_the_listed_ones(group):
    assert FOUND[group] == LISTED[group]


def test_every_list_is_compared():
    assert set(LISTED) == set(FOUND)
