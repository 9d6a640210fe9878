"""Recognition of a repeated creation of a model version.

MLflow creates a second version when a request is repeated. Writers of this platform
send the identity of a registration as a tag (``core.models.registration``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.models.registration import REGISTRATION_TAG, registration_hash

_SAFE = re.compile(r"[A-Za-z0-9:._-]{1,128}")


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """Request for a version with an identity.

    Attributes:
        model: Name of the model.
        source: URI of the artifacts.
        run_id: Run; empty without one.
        hash: Value of the registration tag.
    """

    model: str
    source: str
    run_id: str
    hash: str

    @property
    def filter(self) -> str:
        """Filter of ``model-versions/search`` for the equal versions."""
        quote = "'" if "'" not in self.model else '"'
        return (
            f"name={quote}{self.model}{quote} and tags.`{REGISTRATION_TAG}`"
            f"='{self.hash}'"
        )

    def existing(
        self, versions: Iterable[Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """Return the lowest version that is this registration; None without one.

        Args:
            versions: Versions in MLflow's JSON form.
        """
        equal = [version for version in versions if self._is_made_by(version)]
        return min(equal, key=lambda v: int(v["version"]), default=None)

    def _is_made_by(self, version: Mapping[str, Any]) -> bool:
        tags = {tag["key"]: tag.get("value", "") for tag in version.get("tags", ())}
        if version["name"] != self.model or tags.get(REGISTRATION_TAG) != self.hash:
            return False
        # MLflow replaces an alias in a source by its version; a hash of the content
        # identifies the request nevertheless.
        content = registration_hash(self.model, self.source, self.run_id)
        return self.hash == content or version.get("source") == self.source


def registration_request(body: Mapping[str, Any]) -> RegistrationRequest | None:
    """Return the identified registration in a body; None if it has no identity.

    Args:
        body: Body of ``model-versions/create``.
    """
    tags = body.get("tags")
    values = [
        tag.get("value")
        for tag in (tags if isinstance(tags, list) else ())
        if isinstance(tag, dict) and tag.get("key") == REGISTRATION_TAG
    ]
    if len(values) != 1:
        return None
    found = RegistrationRequest(
        model=_text(body.get("name")),
        source=_text(body.get("source")),
        run_id=_text(body.get("run_id", body.get("runId"))),
        hash=_text(values[0]),
    )
    is_quotable = not {"'", '"'} <= {*found.model}
    if is_quotable and found.source and _SAFE.fullmatch(found.hash):
        return found
    return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
