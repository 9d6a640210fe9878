"""Sightings: the observed differences of each resource, by their origin.

They are the facts from which events about changes outside the document follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.kind import Kind
from controller.core.resources.observation import Absent, ObservedState, Present
from controller.core.resources.plan import Change, Plan, Reason, Verdict
from controller.core.values.identity import canonical_json
from controller.core.values.plain_data import plain
from controller.core.values.redact import masked

_EDITED = frozenset({Reason.DRIFTED, Reason.CONFLICT})


@dataclass(frozen=True, slots=True)
class Sighting:
    """One declared resource in one pass, if it could be observed.

    Attributes:
        spec: Declared spec.
        generation: Generation of the spec.
        is_present: False if the resource does not exist.
        is_in_sync: True if the pass has nothing to do, to advise or to hold back.
        edited: Live values, as JSON, of the fields that were changed outside the
            document, by path.
        differing: Paths of all fields that differ from the document.
        positions: Version numbers by alias, of a kind with aliases.
    """

    spec: Any
    generation: str
    is_present: bool = True
    is_in_sync: bool = True
    edited: Mapping[str, str] = field(default_factory=dict)
    differing: frozenset[str] = frozenset()
    positions: Mapping[str, str] = field(default_factory=dict)


Sightings: TypeAlias = Mapping[ResourceId, Sighting]


def sightings(
    desired: Mapping[ResourceId, Resource[Any]],
    observed: ObservedState,
    found: Plan,
    kinds: Mapping[str, Kind[Any, Any]],
) -> Sightings:
    """Return what ``observed`` shows of each declared resource.

    Args:
        desired: Declared resources.
        observed: Observed state.
        found: All differences, with their causes.
        kinds: All kinds, by name.
    """
    verdicts: dict[ResourceId, list[Verdict]] = {}
    for verdict in found.verdicts:
        verdicts.setdefault(verdict.target, []).append(verdict)
    seen: dict[ResourceId, Sighting] = {}
    for id_, resource in desired.items():
        about = verdicts.get(id_, [])
        match observed.of(id_):
            case Present(state):
                kind = kinds[id_.kind]
                seen[id_] = _present(kind, resource, state, about)
            case Absent():
                spec, generation = resource.spec, resource.generation
                seen[id_] = Sighting(spec, generation, False, False)
            case _:
                pass
    return seen


def live_value(change: Change) -> str:
    """Return the live value as the intent of an action holds it, as JSON."""
    return canonical_json(plain(masked(change.path, change.before)))


def _present(
    kind: Kind[Any, Any], resource: Resource[Any], state: Any, about: list[Verdict]
) -> Sighting:
    changes = [change for verdict in about for change in verdict.changes]
    edited = {
        change.path: live_value(change)
        for change in changes
        if change.cause in _EDITED
        and change.path not in kind.volatile_paths
        and not kind.unedited(change)
    }
    return Sighting(
        resource.spec,
        resource.generation,
        is_in_sync=not about,
        edited=edited,
        differing=frozenset(change.path for change in changes),
        positions=kind.positions(resource.spec, state),
    )
