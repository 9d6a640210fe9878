"""Syntax of ``valueFrom``, the source of a container's secret."""

import json
from dataclasses import dataclass

from controller.emulation.ecs.effects import MissingError

_ARN_PARTS = 6
_SECRET_PARTS = 4


@dataclass(frozen=True, slots=True)
class ReferencedValue:
    """A parameter, or a secret with an optional JSON key and version.

    Attributes:
        text: Original text of the reference, for messages.
        store: ``ssm`` or ``secretsmanager``.
        name: Name or ARN in the store.
        json_key: Member of a JSON value; empty for the whole value.
        version_stage: Version stage; empty for the current one.
        version_id: Version id; empty for the current one.
    """

    text: str
    store: str
    name: str
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""

    def select(self, value: str) -> str:
        """Return the value, or its member ``json_key``; raises MissingError."""
        if not self.json_key:
            return value
        try:
            member = json.loads(value)[self.json_key]
        except (ValueError, KeyError, TypeError):
            msg = (
                "unable to retrieve secret from asm: retrieved secret "
                f"{self.text} from Secrets Manager did not contain json key "
                f"{self.json_key}"
            )
            raise MissingError(msg) from None
        return member if isinstance(member, str) else json.dumps(member)


def parse_secret(text: str) -> ReferencedValue:
    """Parse a ``valueFrom``; a plain name is a parameter."""
    parts = text.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS or parts[0] != "arn":
        return ReferencedValue(text, "ssm", text)
    store, resource = parts[2], parts[5]
    if store == "ssm":
        name = resource.removeprefix("parameter")
        plain = name[1:] if name.count("/") == 1 else name
        return ReferencedValue(text, "ssm", plain)
    _, _, rest = resource.partition(":")
    name, *selectors = rest.split(":")
    key, stage, version = (*selectors, "", "", "")[: _SECRET_PARTS - 1]
    arn = ":".join([*parts[:5], f"secret:{name}"])
    return ReferencedValue(text, "secretsmanager", arn, key, stage, version)
