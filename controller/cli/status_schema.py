"""The JSON Schema of what commands that look print."""

from controller.cli.schema_words import (
    ADDRESS,
    COUNT,
    FLAG,
    PLAIN,
    TEXT,
    TIME,
    Schema,
    array,
    cost,
    document,
    head,
    one_of,
    record,
    said,
)
from controller.core.resources.rollouts import Result
from controller.core.status.conditions import ConditionType, Truth


def status_schema() -> Schema:
    """Return the schema of what ``status``, ``events``, ``why`` and others print."""
    shapes = [_status(), _events(), _why(), _history(), _logs()]
    title = "How resources do, as commands that look print it."
    return document(title, {"oneOf": shapes})


def _status() -> Schema:
    resource = record(
        {
            "resource": ADDRESS,
            "conditions": array(_condition()),
            "details": array(_section()),
        },
        optional=("details",),
    )
    return record(
        {
            **head("Status"),
            "resources": array(resource),
            "lastPass": record({"at": TIME, "by": TEXT}),
            "spent": _spent(),
            "cost": _bill(),
        },
        optional=("lastPass", "spent", "cost"),
    )


def _condition() -> Schema:
    return record(
        {
            "type": one_of(ConditionType),
            "status": one_of(Truth),
            "reason": TEXT,
            "message": TEXT,
            "observedGeneration": TEXT,
            "lastTransitionTime": TIME,
        }
    )


def _section() -> Schema:
    row = {"type": "object", "additionalProperties": PLAIN}
    return record(
        {
            "title": TEXT,
            "rows": array(row),
            "problem": said(TEXT, "Why it could not be seen; empty if it could."),
        }
    )


def _spent() -> Schema:
    call = {"call": TEXT, "times": COUNT, "writes": COUNT}
    rule = {"kind": TEXT, "rule": TEXT}
    return said(
        record({"calls": array(record(call)), "rules": array(record(rule))}),
        "What one look at the world costs, and the rule behind it.",
    )


def _bill() -> Schema:
    shape = {"foretold": cost(), "actual": cost(), "looks": COUNT}
    return said(record(shape), "What applying came to, beside what was foretold.")


def _events() -> Schema:
    event = {
        "resource": ADDRESS,
        "type": {"enum": ["Normal", "Warning"]},
        "reason": TEXT,
        "message": TEXT,
        "count": COUNT,
        "firstSeen": TIME,
        "lastSeen": TIME,
    }
    return record({**head("Events"), "events": array(record(event))})


def _why() -> Schema:
    tried = {"at": TIME, "verb": TEXT, "outcome": TEXT, "message": TEXT}
    nullable: Schema = {"oneOf": [record(tried), {"type": "null"}]}
    return record(
        {
            **head("Why"),
            "resource": ADDRESS,
            "ready": FLAG,
            "chain": said(array(ADDRESS), "From what was asked to what blocks it."),
            "reason": TEXT,
            "message": TEXT,
            "since": TIME,
            "lastTried": nullable,
            "next": TEXT,
            "command": TEXT,
        }
    )


def _history() -> Schema:
    nullable = {"oneOf": [TIME, {"type": "null"}]}
    rollout = {
        "id": TEXT,
        "revision": said(TEXT, "As `rollback --to` takes it."),
        "result": {"enum": [result.word for result in Result]},
        "present": said(FLAG, "Whether it is what is there now."),
        "began": nullable,
        "ended": nullable,
        "seconds": {"type": ["number", "null"], "minimum": 0},
        "images": array(TEXT),
        "by": said(TEXT, "Who registered the revision."),
        "reason": TEXT,
        "setAside": said(TEXT, "Who set it aside, and why; empty if nobody did."),
        "asked": said(TEXT, "What by hand it came of, by whom and why; or empty."),
    }
    rollouts = array(record(rollout))
    return record({**head("History"), "resource": ADDRESS, "rollouts": rollouts})


def _logs() -> Schema:
    line = {
        "at": TIME,
        "task": TEXT,
        "line": said(TEXT, "Without what it calls a secret."),
    }
    lines = array(record(line))
    return record({**head("Logs"), "resource": ADDRESS, "lines": lines})
