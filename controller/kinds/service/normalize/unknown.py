"""What ECS says that nobody could have asked for (R4)."""

from typing import Any

from controller.core.values.paths import Plain
from controller.kinds.service.spec.aws_schema import shapes


def r04_of_a_later_day(definition: Plain) -> None:
    """A field that RegisterTaskDefinition does not take cannot be settled here.

    Answers grow. API reference, RegisterTaskDefinition: what is not in the model of it
    that this version knows (``shapes.json``) would differ for ever.
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
            # A list may have become a mapping by name; see the rules about order.
            for item in value.values() if isinstance(value, dict) else value:
                _keep_known(item, inner)
        case _:
            return
