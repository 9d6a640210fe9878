"""Dependencies among the resources of a document."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import Diagnostic, SourcePosition
from controller.core.resources.kind import Kind
from controller.spec.nearest import suggestion
from controller.spec.node import Node, dotted


@dataclass(frozen=True, slots=True)
class Dependency:
    """A reference from one resource to another in the document."""

    source: ResourceId
    target: ResourceId
    path: str
    place: SourcePosition


def dangling(
    links: Iterable[Dependency], declared: frozenset[ResourceId]
) -> Iterator[Diagnostic]:
    """Yield a problem for each reference to an undeclared resource."""
    for link in links:
        if link.target in declared:
            continue
        known = [str(id_) for id_ in declared if id_.kind == link.target.kind]
        hint = suggestion(str(link.target), known or map(str, declared))
        what = f"names {link.target}, which is not declared"
        yield Diagnostic(link.place, link.path, what, hint)


def cycles(links: Iterable[Dependency]) -> Iterator[Diagnostic]:
    """Yield a problem for each dependency cycle, at the link that closes it."""
    graph: dict[ResourceId, dict[ResourceId, Dependency]] = {}
    for link in links:
        graph.setdefault(link.source, {}).setdefault(link.target, link)
    done: set[ResourceId] = set()
    for start in sorted(graph):
        yield from _loops_from(start, graph, done)


def _loops_from(
    start: ResourceId,
    graph: Mapping[ResourceId, Mapping[ResourceId, Dependency]],
    done: set[ResourceId],
) -> Iterator[Diagnostic]:
    """Yield the cycles reachable from ``start``; without recursion, for long chains."""
    trail: dict[ResourceId, Iterator[ResourceId]] = {}
    if start not in done:
        trail[start] = iter(sorted(graph.get(start, ())))
    while trail:
        here, targets = next(reversed(trail.items()))
        target = next(targets, None)
        if target is None:
            done.add(here)
            del trail[here]
        elif target in trail:
            names = [str(id_) for id_ in trail]
            loop = [*names[names.index(str(target)) :], str(target)]
            link = graph[here][target]
            what = f"closes a dependency cycle: {' → '.join(loop)}"
            hint = "remove one of these dependencies"
            yield Diagnostic(link.place, link.path, what, hint)
        elif target not in done:
            trail[target] = iter(sorted(graph.get(target, ())))


def duplicates(
    resources: Iterable[tuple[Resource[Any], str, Node]],
) -> Iterator[Diagnostic]:
    """Yield a problem for each name in a backend that two resources claim.

    A spec lists its fields with unique values in ``unique``.
    """
    seen: dict[tuple[Any, ...], ResourceId] = {}
    for resource, path, node in resources:
        for fields in getattr(resource.spec, "unique", ()):
            values = tuple(getattr(resource.spec, field) for field in fields)
            if not all(values):
                continue
            first = seen.setdefault((resource.id.kind, fields, values), resource.id)
            if first != resource.id:
                what = f"is {values[-1]!r}, the same as that of {first}"
                place = (node.child(fields[-1]) or node).place
                where = f"{path}.{fields[-1]}"
                yield Diagnostic(place, where, what, "give each its own value")


def clashes(
    kind: Kind[Any, Any], resources: Mapping[ResourceId, Resource[Any]], root: Node
) -> Iterator[Diagnostic]:
    """Yield a problem for each contradiction between resources of one kind."""
    specs = {id_: r.spec for id_, r in resources.items() if id_.kind == kind.name}
    for clash in kind.conflicts(specs):
        (id_, path), (other, its) = clash.target, clash.other
        where = (kind.section, id_.name, *path)
        first = root.nearest((kind.section, other.name, *its)).place
        what = f"{clash.problem} {other} at {first}"
        yield Diagnostic(root.nearest(where).place, dotted(where), what, clash.hint)


def unserved_hosts(
    kinds: Mapping[str, Kind[Any, Any]],
    resources: Mapping[ResourceId, Resource[Any]],
    root: Node,
) -> Iterator[Diagnostic]:
    """Yield a warning for each public host that no route of the document serves.

    A document without routes says nothing about public hosts.
    """
    served: frozenset[str] = frozenset().union(
        *(kinds[id_.kind].served_hosts(r.spec) for id_, r in resources.items())
    )
    for id_, resource in resources.items() if served else ():
        kind = kinds[id_.kind]
        for host in sorted(kind.public_hosts(resource.spec)):
            if any(fnmatchcase(host, pattern.lower()) for pattern in served):
                continue
            where = (kind.section, id_.name, "host")
            what = f"is served by no route of the document: {host}"
            hint = "add the host to the routes of a service, or write external: true"
            yield Diagnostic(root.nearest(where).place, dotted(where), what, hint)


def unread_parameters(
    kinds: Mapping[str, Kind[Any, Any]],
    resources: Mapping[ResourceId, Resource[Any]],
    root: Node,
) -> Iterator[Diagnostic]:
    """Yield a warning for each published parameter that no resource reads.

    A document without services says nothing about readers.
    """
    if not any(id_.kind == "service" for id_ in resources):
        return
    read: frozenset[str] = frozenset().union(
        *(kinds[id_.kind].read_parameters(r.spec) for id_, r in resources.items())
    )
    for id_, resource in resources.items():
        kind = kinds[id_.kind]
        for parameter in sorted(kind.published_parameters(resource.spec) - read):
            where = (kind.section, id_.name, "fallback", "publish", "ssm")
            what = f"is read by no service of the document: {parameter}"
            variable = resource.spec.fallback.env
            hint = f"add {variable}: {{ssm: {parameter}}} to the secrets of a service"
            yield Diagnostic(root.nearest(where).place, dotted(where), what, hint)


def warnings(
    kind: Kind[Any, Any], resources: Mapping[ResourceId, Resource[Any]], root: Node
) -> Iterator[Diagnostic]:
    """Yield each valid declaration of one kind that is probably a mistake."""
    specs = {id_: r.spec for id_, r in resources.items() if id_.kind == kind.name}
    for found in kind.warnings(specs):
        where = (kind.section, found.target.name, *found.path)
        place = root.nearest(where).place
        yield Diagnostic(place, dotted(where), found.problem, found.hint)
