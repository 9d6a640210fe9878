"""Compiler from nodes to resources and diagnostics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from controller.core.document.fields import KEY
from controller.core.document.platform import Platform
from controller.core.document.resource import Mode, Resource, ResourceId
from controller.core.errors import Diagnostic
from controller.core.resources.kind import Kind
from controller.core.values.identity import content_hash
from controller.spec.access import AccessSection
from controller.spec.common import Common
from controller.spec.graph import (
    Dependency,
    clashes,
    cycles,
    dangling,
    duplicates,
    unread_parameters,
    unserved_hosts,
    warnings,
)
from controller.spec.header import Header
from controller.spec.literals import literal_secrets
from controller.spec.local import LocalSection, LocalTask
from controller.spec.nearest import suggestion
from controller.spec.node import Node, Path, dotted
from controller.spec.problems import diagnostics, is_derived, misfit

Kinds = Mapping[str, Kind[Any, Any]]
ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(slots=True)
class Compiler:
    """Compilation of one document.

    Attributes:
        root: Document, merged with fragments, overlay and environment.
        kinds: All kinds, by name.
        problems: Diagnostics.
        warnings: Diagnostics of valid declarations that are probably mistakes.
        resources: Valid resources.
        links: References that are dependencies.
        mentions: References that are not dependencies.
    """

    root: Node
    kinds: Kinds
    problems: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    resources: dict[ResourceId, Resource[Any]] = field(default_factory=dict)
    links: list[Dependency] = field(default_factory=list)
    mentions: list[Dependency] = field(default_factory=list)
    platform: Platform | None = None
    access: AccessSection | None = None
    local: LocalSection | None = None

    def run(self) -> None:
        """Compile the document; the results are in the attributes."""
        header = self._header()
        mode = Mode.ENFORCE
        if header:
            self.platform, mode = header.platform.platform(), header.platform.mode
            self._kinds_known(("platform", "reconcile", "intervals"))
        for kind, name, node in self._entries():
            self._resource(kind, name, node, mode)
        if header:
            self._platform_resources(header, mode)
        declared = frozenset(ResourceId(k.name, name) for k, name, _ in self._entries())
        self.access = header.access if header else None
        if header and header.local:
            self._local(header.local)
        if header and header.platform.controller:
            self._own_service(header.platform.controller)
        self.problems += dangling([*self.links, *self.mentions], declared)
        self.problems += cycles(link for link in self.links if link.target in declared)
        self.problems += duplicates(self._placed())
        for kind in self.kinds.values():
            self.problems += clashes(kind, self.resources, self.root)
            self.warnings += warnings(kind, self.resources, self.root)
        self.warnings += unserved_hosts(self.kinds, self.resources, self.root)
        self.warnings += unread_parameters(self.kinds, self.resources, self.root)
        literals = list(literal_secrets(self.root))
        told = {problem.path for problem in literals}
        self.problems = [p for p in self.problems if p.path not in told] + literals

    def _header(self) -> Header | None:
        sections = {kind.section for kind in self.kinds.values() if kind.section}
        kept = {k: n for k, n in self.root.entries.items() if k not in sections}
        return self._validated(
            Header, self.root._replace(value=kept), (), frozenset(sections)
        )

    def _kinds_known(self, path: Path) -> None:
        """Check that each key of the mapping at ``path`` is a kind."""
        given: Node | None = self.root
        for part in path:
            given = given.child(part) if given else None
        for name, node in given.entries.items() if given else ():
            if name not in self.kinds:
                what, hint = f"there is no kind {name}", suggestion(name, self.kinds)
                self._report(node, (*path, name), what, hint)

    def _entries(self) -> Iterator[tuple[Kind[Any, Any], str, Node]]:
        for kind in self.kinds.values():
            section = self.root.child(kind.section) if kind.section else None
            for name, node in section.entries.items() if section else ():
                yield kind, name, node

    def _resource(
        self, kind: Kind[Any, Any], name: str, node: Node, mode: Mode
    ) -> None:
        """Add the resource that ``node`` declares, or its problems."""
        path: Path = (kind.section, name)
        if not self._is_entry(node, path):
            return
        node = self._without_derived(kind, node, path)
        own = {k: n for k, n in node.entries.items() if k not in Common.model_fields}
        shared = {k: n for k, n in node.entries.items() if k in Common.model_fields}
        common = self._validated(Common, node._replace(value=shared), path)
        spec = self._validated(
            kind.spec, node._replace(value=own), path, frozenset(Common.model_fields)
        )
        id_ = ResourceId(kind.name, name)
        links = self._links(id_, common, node, path)
        if spec is not None:
            links += self._references(id_, kind.references(spec), node, path)
            mentioned = kind.mentions(spec)
            self.mentions += self._references(id_, mentioned, node, path)
            spec = self._completed(kind, name, spec, (node, path))
        self.links += links
        if spec is None or common is None:
            return
        self.resources[id_] = Resource(
            id=id_,
            spec=spec,
            generation=content_hash(spec.model_dump(mode="json")),
            depends_on=frozenset(link.target for link in links),
            mode=common.mode or mode,
            adopt=common.adopt,
            suspend=common.suspend.suspension() if common.suspend else None,
            ignore=tuple(entry.ignored() for entry in common.ignore),
        )

    def _platform_resources(self, header: Header, mode: Mode) -> None:
        """Add the resources that section ``platform`` declares."""
        declared = {ResourceId(kind.name, name) for kind, name, _ in self._entries()}
        for kind in self.kinds.values():
            spec: Any = header.platform if kind.platform_path else None
            for part in kind.platform_path:
                spec = getattr(spec, part, None)
            if spec is None:
                continue
            id_ = ResourceId(kind.name, kind.platform_path[0])
            self.resources[id_] = Resource(
                id=id_,
                spec=spec,
                generation=content_hash(spec.model_dump(mode="json")),
                depends_on=frozenset(kind.references(spec) & declared),
                mode=mode,
            )

    def _is_entry(self, node: Node, path: Path) -> bool:
        """Return True for a valid entry; report an invalid name or value."""
        try:
            KEY.check(str(path[-1]))
        except ValueError as error:
            problem = misfit(error, node, path)
            what = f"as a name {problem.problem}"
            self._report(node, path, what)
        if isinstance(node.value, dict):
            return True
        if node.value is None:
            self._report(node, path, "is empty", "write {} to use all defaults")
        else:
            self._report(node, path, "must be a mapping of fields")
        return False

    def _without_derived(self, kind: Kind[Any, Any], node: Node, path: Path) -> Node:
        kept = dict(node.entries)
        for name, model_field in kind.spec.model_fields.items():
            if name in kept and is_derived(model_field):
                what = "is derived from the platform"
                self._report(kept.pop(name), (*path, name), what, "remove it")
        return node._replace(value=kept)

    def _completed(
        self, kind: Kind[Any, Any], name: str, spec: Any, at: tuple[Node, Path]
    ) -> Any:
        if self.platform is None:
            return None
        try:
            completed = kind.complete(name, spec, self.platform)
        except ValidationError as error:
            self.problems += diagnostics(error, *at, kind.spec)
            return None
        except ValueError as error:
            self.problems.append(misfit(error, *at))
            return None
        # The set of written fields is never used and takes a KB per resource.
        completed.model_fields_set.clear()
        return completed

    def _links(
        self, source: ResourceId, common: Common | None, node: Node, path: Path
    ) -> list[Dependency]:
        links = []
        for index, address in enumerate(common.depends_on if common else ()):
            where: Path = ("depends_on", index)
            at = node.nearest(where)
            if target := self._address(address, at, (*path, *where)):
                links.append(
                    Dependency(source, target, dotted((*path, *where)), at.place)
                )
        return links

    def _references(
        self, source: ResourceId, targets: frozenset[ResourceId], node: Node, path: Path
    ) -> list[Dependency]:
        links = []
        for target in sorted(targets):
            names = (target.name, str(target), f"{target.kind}s/{target.name}")
            named = (found for found in node.scalars() if found[1].value in names)
            where, at = next(named, ((), node))
            links.append(Dependency(source, target, dotted((*path, *where)), at.place))
        return links

    def _address(self, text: str, node: Node, path: Path) -> ResourceId | None:
        """Return the id for ``text``; the kind may be plural."""
        id_ = ResourceId.parse(text)
        for kind in self.kinds.values():
            if id_.kind in (kind.name, kind.section):
                return ResourceId(kind.name, id_.name)
        self._report(
            node, path, f"there is no kind {id_.kind}", suggestion(id_.kind, self.kinds)
        )
        return None

    def _local(self, local: LocalSection) -> None:
        """Check the references of one-off tasks, and normalise their addresses."""
        root = self.root.child("local") or self.root
        tasks = []
        for index, task in enumerate(local.tasks):
            path: Path = ("tasks", index)
            if task.image not in local.images:
                at, where = root.nearest((*path, "image")), ("local", *path, "image")
                hint = suggestion(task.image, local.images)
                self._report(at, where, "is not under images", hint)
            after = self._after(task, root.nearest((*path, "after")), path)
            tasks.append(task.model_copy(update={"after": after}))
        self.local = local.model_copy(update={"tasks": tuple(tasks)})

    def _own_service(self, text: str) -> None:
        """Check that the service that the controller runs as is declared."""
        path: Path = ("platform", "controller")
        at = self.root.nearest(path)
        target = self._address(text, at, path)
        if target is None or self.platform is None:
            return
        source = ResourceId("platform", "controller")
        self.links.append(Dependency(source, target, dotted(path), at.place))
        self.platform = replace(self.platform, controller=target)

    def _after(self, task: LocalTask, at: Node, path: Path) -> str | None:
        where: Path = ("local", *path, "after")
        target = self._address(task.after, at, where) if task.after else None
        if target is None:
            return None
        source = ResourceId("task", task.name)
        self.links.append(Dependency(source, target, dotted(where), at.place))
        return str(target)

    def _placed(self) -> Iterator[tuple[Resource[Any], str, Node]]:
        for kind, name, node in self._entries():
            if resource := self.resources.get(ResourceId(kind.name, name)):
                yield resource, f"{kind.section}.{name}", node

    def _validated(
        self,
        model: type[ModelT],
        node: Node,
        path: Path,
        beside: frozenset[str] = frozenset(),
    ) -> ModelT | None:
        try:
            return model.model_validate(node.plain())
        except ValidationError as error:
            self.problems += diagnostics(error, node, path, model, beside)
            return None

    def _report(self, node: Node, path: Path, what: str, hint: str = "") -> None:
        place = node.place if path and isinstance(path[-1], int) else node.key_place
        self.problems.append(Diagnostic(place, dotted(path), what, hint))
