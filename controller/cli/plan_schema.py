"""The JSON Schema of a plan."""

from controller.cli.schema_words import (
    ADDRESS,
    FLAG,
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
from controller.core.resources.plan import Effect, Hold, Reason, Verb


def plan_schema() -> Schema:
    """Return the schema of what ``diff`` prints, and of a saved plan."""
    return document(
        "A plan: what apply would do, as `diff` prints it and `diff --out` saves it.",
        record(
            {
                **head("Plan"),
                "inSync": said(FLAG, "Whether nothing is to be done or waited for."),
                "complete": said(FLAG, "Whether everything could be seen."),
                "fingerprint": said(TEXT, "Equal for plans that do the same."),
                "cost": cost(),
                "actions": array(_action()),
                "advice": array(_advice()),
                "blocked": array(_blocked()),
                "binding": _binding(),
            },
            optional=("cost", "binding"),
        ),
    )


def _action() -> Schema:
    return record(
        {
            "resource": ADDRESS,
            "verb": one_of(Verb),
            "reason": one_of(Reason),
            "waitsFor": array(ADDRESS),
            "changes": _changes(),
            "generation": said(TEXT, "Of the declaration that is applied."),
            "cost": cost(),
        },
        optional=("cost",),
    )


def _advice() -> Schema:
    return record(
        {
            "resource": ADDRESS,
            "reason": one_of(Reason),
            "message": TEXT,
            "command": TEXT,
            "changes": _changes(),
        }
    )


def _blocked() -> Schema:
    return record(
        {
            "resource": ADDRESS,
            "hold": one_of(Hold),
            "message": TEXT,
            "changes": _changes(),
        }
    )


def _changes() -> Schema:
    moved = [Reason.DRIFTED.value, Reason.CHANGED.value, Reason.CONFLICT.value, None]
    change = {
        "path": TEXT,
        "before": {},
        "after": {},
        "effect": one_of(Effect),
        "cause": said({"enum": moved}, "Who moved: the world, the document or both."),
    }
    return array(record(change))


def _binding() -> Schema:
    fill = {"path": TEXT, "variable": TEXT, "source": TEXT, "value": TEXT}
    shape = record(
        {
            "createdAt": TIME,
            "createdBy": TEXT,
            "environment": TEXT,
            "document": said(TEXT, "Hash of what is declared."),
            "fills": array(record(fill)),
            "targets": array(ADDRESS),
            "fields": said(
                {"type": "object", "additionalProperties": TEXT},
                "Hash of the managed fields of each resource that is acted on.",
            ),
            "fingerprint": said(TEXT, "Of all of the above, and of the actions."),
        }
    )
    return said(shape, "What a saved plan holds for; it refuses when that moved.")
