"""The canonical task definition that a declaration asks for, and its hash."""

from collections.abc import Mapping
from typing import Any

from controller.core.values.identity import content_hash
from controller.kinds.service.cache import Memo
from controller.kinds.service.normalize import (
    NameContext,
    Plain,
    canonical,
    canonical_service,
    real_differences,
)
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState

_wanted: Memo[ServiceSpec, Plain] = Memo(lambda spec: canonical(render(spec)))


def wanted(spec: ServiceSpec) -> Plain:
    """Return the canonical form of the task definition that ``spec`` asks for."""
    return _wanted(spec)


def content(spec: ServiceSpec) -> str:
    """Return the hash of the task definition that ``spec`` asks for."""
    return content_hash(wanted(spec))


def here(spec: ServiceSpec, state: ServiceState | None = None) -> NameContext:
    """Return where short names in ``spec`` are looked up."""
    return NameContext(spec.region, spec.account, state.names if state else {})


def unnamed(spec: ServiceSpec, live: Mapping[str, Any]) -> frozenset[str]:
    """Return the ARNs that ``spec`` may mean by a name that they do not hold."""
    field = "serviceConnectConfiguration"
    declared = spec.service.get(field, {}).get("namespace", "")
    if not declared or declared.startswith("arn:"):
        return frozenset()
    seen = canonical_service(live).get(field, {}).get("namespace", "")
    return frozenset({seen} if seen.startswith("arn:") else ())


def is_wanted(spec: ServiceSpec, definition: Plain) -> bool:
    """Whether a canonical definition is what ``spec`` asks for, in any spelling."""
    return not any(real_differences(definition, wanted(spec), here(spec)))
