"""Rule for fields that ECS returns but does not take (R4)."""

from typing import Any

from controller.core.values.paths import Plain
from controller.kinds.service.spec.aws_schema import shapes


def r04_of_a_later_day(definition: Plain) -> None:
    """A field that RegisterTaskDefinition does not take is ignored.

    ECS adds fields to its answers. API reference, RegisterTaskDefinition: a field that is
    not in this version's model of it (``shapes.json``) would differ permanently.
    """
    _keep_known(definition, shapes()["task"])


def _keep_known(value: Any, shape: Any) -> None:
    match shape, value:
        case {"fields": fields}, dict():
            for name in [name for name in value if name not in fields]:
                del value[name]
            for name, inner in value.items():
                _keep_known(inner, fields[name])
        case {"list": inner}, dict() | list():
            # ``list_order`` may have converted a list to a mapping.
            for item in value.values() if isinstance(value, dict) else value:
                _keep_known(item, inner)
        case _:
            return
