"""Canonical form and hash of the declared task definition."""

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
from controller.kinds.service.render.effective import effective_spec
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState

_wanted: Memo[ServiceSpec, Plain] = Memo(lambda spec: canonical(render(spec)))


def declared_definition(spec: ServiceSpec) -> Plain:
    """Return the canonical form of the declared task definition."""
    return _wanted(spec)


def definition_hash(spec: ServiceSpec) -> str:
    """Return the hash of the declared task definition."""
    return content_hash(declared_definition(spec))


def name_context(spec: ServiceSpec, state: ServiceState | None = None) -> NameContext:
    """Return the context in which short names of ``spec`` are resolved."""
    return NameContext(spec.region, spec.account, state.names if state else {})


def unnamed_arns(spec: ServiceSpec, live: Mapping[str, Any]) -> frozenset[str]:
    """Return live ARNs without a name in them, which ``spec`` may declare by name."""
    field = "serviceConnectConfiguration"
    declared = spec.service.get(field, {}).get("namespace", "")
    if not declared or declared.startswith("arn:"):
        return frozenset()
    seen = canonical_service(live).get(field, {}).get("namespace", "")
    return frozenset({seen} if seen.startswith("arn:") else ())


def is_declared(spec: ServiceSpec, definition: Plain) -> bool:
    """Return True if a canonical definition equals the declared one, in any spelling."""
    return not any(
        real_differences(definition, declared_definition(spec), name_context(spec))
    )


def runs_declared(spec: ServiceSpec, state: ServiceState) -> bool:
    """Return True if the primary deployment has the declared task definition."""
    return is_declared(effective_spec(spec, state), dict(state.definition))
