"""Loading of a document: from files to the desired state, or to all diagnostics."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from controller.core.access.policy import AccessPolicy
from controller.core.document.platform import ENVIRONMENTS, Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import Diagnostic, SourcePosition, SpecError
from controller.core.values.identity import content_hash
from controller.settings import VARIABLES
from controller.spec.compiler import Compiler, Kinds
from controller.spec.environment_defaults import (
    ENVIRONMENT,
    RELEVANT,
    EnvironmentDefault,
    chosen_environment,
    fallback_warnings,
    filled,
    phase_contradictions,
    put,
    unused_variables,
)
from controller.spec.files import Reader, SourceFiles, from_disk
from controller.spec.local import LocalSection
from controller.spec.nearest import suggestion
from controller.spec.node import Node, Path, dotted
from controller.spec.overlay import overlaid


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document.

    Attributes:
        platform: Platform of the document.
        resources: Declared resources, by address.
        digest: Hash of the meaning, including values from the environment.
        files: Files that were read, the main one first.
        fills: Values from the environment.
        access: Declared access to the API.
        local: Commands and tasks of the local platform; None elsewhere.
        places: Source positions of resources, and of values that an overlay or the
            environment changed.
        warnings: Valid declarations that are probably mistakes, in order.
    """

    platform: Platform
    resources: Mapping[ResourceId, Resource[Any]]
    digest: str
    files: tuple[str, ...]
    fills: tuple[EnvironmentDefault, ...] = ()
    access: AccessPolicy = field(default_factory=AccessPolicy)
    local: LocalSection | None = None
    places: Mapping[str, SourcePosition] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()

    def place(self, path: str) -> SourcePosition:
        """Return the source position of ``path``, or of its nearest parent."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.places.get(path) or SourcePosition(self.files[0], 1, 1)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A document, and the digests of its files."""

    digests: Mapping[str, str]
    document: Document


# Enough for one document in its four environments.
_MOST_KEPT = 8
_kept: dict[Any, _Loaded] = {}


def load(
    path: str,
    *,
    environment: str | None = None,
    environ: Mapping[str, str],
    kinds: Kinds,
    read: Reader = from_disk,
) -> Document:
    """Return the document in ``path``; the same object while no file changed.

    Args:
        path: The main file; fragments and overlays are found from it.
        environment: Which environment is meant, before ENVIRONMENT and the document.
        environ: The environment variables.
        kinds: The kinds there are, by name.
        read: How a file is read; raises OSError when it cannot be.

    Raises:
        SpecError: with every problem in every file, in the order of the files.
    """
    key = (path, environment, _relevant(environ), tuple(sorted(kinds)), read)
    kept = _kept.get(key)
    if kept and kept.digests == _digests(kept.digests, read):
        return kept.document
    sources = SourceFiles(read)
    document = _document(path, environment, environ, kinds, sources)
    if len(_kept) >= _MOST_KEPT:
        _kept.pop(next(iter(_kept)), None)
    _kept[key] = _Loaded(dict(sources.digests), document)
    return document


def _document(
    path: str,
    environment: str | None,
    environ: Mapping[str, str],
    kinds: Kinds,
    sources: SourceFiles,
) -> Document:
    try:
        base = sources.document(path)
    except SpecError as error:
        raise SpecError(*sources.problems, *error.diagnostics) from None
    name, chosen, problem = chosen_environment(base, environment, environ)
    over = sources.overlay(path, name) if name in ENVIRONMENTS else None
    sources.problems += [problem] if problem else []
    root = base
    if over:
        sources.problems += _overlay_problems(base, over, name, kinds)
        root = overlaid(base, over)
    platform = root.child("platform")
    if chosen and platform and isinstance(platform.value, dict):
        said = over.nearest(ENVIRONMENT) if over else root
        if said.value != name:
            root = put(root, ENVIRONMENT, name, f"${chosen.variable}")
    contradictions = phase_contradictions(root, environ)
    unused = unused_variables(root, environ)
    root, fills = filled(root, environ)
    compiler = Compiler(root, kinds)
    compiler.run()
    compiler.warnings += [*unused, *fallback_warnings(root, environ)]
    problems = [*sources.problems, *contradictions, *compiler.problems]
    if problems or compiler.platform is None:
        raise SpecError(*_in_order(problems, list(sources.digests)))
    fills = ((chosen,) if chosen else ()) + fills
    return _finished(compiler, sources, fills, _places(root, over, fills, kinds))


def _finished(
    compiler: Compiler,
    sources: SourceFiles,
    fills: tuple[EnvironmentDefault, ...],
    places: Mapping[str, SourcePosition],
) -> Document:
    platform = compiler.platform
    if platform is None:
        msg = "a document without problems has a platform"
        raise AssertionError(msg)
    local = compiler.local if platform.environment == "local" else None
    meaning = {
        "platform": asdict(platform) | _seconds(platform),
        "resources": [_meaning(r) for _, r in sorted(compiler.resources.items())],
        "local": local.model_dump(mode="json") if local else None,
    }
    if compiler.access is not None:
        # A document without the section keeps the digest that saved plans have.
        meaning["access"] = compiler.access.model_dump(mode="json")
    return Document(
        platform=platform,
        resources=compiler.resources,
        digest=content_hash(meaning),
        files=tuple(file for file, digest in sources.digests.items() if digest),
        fills=fills,
        access=compiler.access.policy() if compiler.access else AccessPolicy(),
        local=local,
        places=places,
        warnings=tuple(_in_order(compiler.warnings, list(sources.digests))),
    )


def _seconds(platform: Platform) -> dict[str, Any]:
    """Return the times of a platform, as numbers."""
    return {
        "interval": platform.interval.total_seconds(),
        "inspections": platform.inspections.total_seconds(),
        "mlflow_poll": platform.mlflow_poll.total_seconds(),
        "intervals": {k: i.total_seconds() for k, i in platform.intervals},
        "freezes": list(map(repr, platform.freezes)),
    }


def _meaning(resource: Resource[Any]) -> list[Any]:
    """Return the properties that define the meaning of a declaration."""
    suspend, ignored = resource.suspend, resource.ignore
    return [
        str(resource.id),
        resource.generation,
        sorted(map(str, resource.depends_on)),
        resource.mode,
        resource.adopt,
        [suspend.by, suspend.reason, str(suspend.until)] if suspend else None,
        [[i.path, i.reason, str(i.until)] for i in ignored],
    ]


def _overlay_problems(
    base: Node, over: Node, name: str, kinds: Kinds
) -> list[Diagnostic]:
    """Return the problems of an overlay with respect to the document."""
    problems = []
    said = over.child("platform")
    written = said.child("environment") if said else None
    if written and written.value != name:
        what = f"must be {name}, according to the file name"
        problems.append(Diagnostic(written.place, dotted(ENVIRONMENT), what))
    for section in sorted(kind.section for kind in kinds.values() if kind.section):
        have, removed = base.child(section), over.child(section)
        known = have.entries if have else {}
        for key, node in removed.entries.items() if removed else ():
            if node.value is None and key not in known:
                what, path = "removes an undeclared resource", f"{section}.{key}"
                hint = suggestion(key, known)
                problems.append(Diagnostic(node.key_place, path, what, hint))
    return problems


def _places(
    root: Node, over: Node | None, fills: tuple[EnvironmentDefault, ...], kinds: Kinds
) -> dict[str, SourcePosition]:
    places = {"platform": root.nearest(("platform",)).key_place}
    for kind in kinds.values():
        if not kind.section:
            at: Path = ("platform", *kind.platform_path)
            places[dotted(at)] = root.nearest(at).key_place
            continue
        for name, node in root.nearest((kind.section,)).entries.items():
            places[f"{kind.section}.{name}"] = node.key_place
    for path, node in over.scalars() if over else ():
        places[dotted(path)] = node.place
    places |= {fill.path: SourcePosition(f"${fill.variable}", 1, 1) for fill in fills}
    return places


def _in_order(problems: list[Diagnostic], files: list[str]) -> list[Diagnostic]:
    """Return ``problems`` without repeats: by file as read, then by line.

    A problem of the parser has no path; later problems at the same place only follow
    from it.
    """
    order = {file: index for index, file in enumerate(files)}
    unreadable = {p.place for p in problems if not p.path}
    return sorted(
        {p for p in problems if not p.path or p.place not in unreadable},
        key=lambda p: (
            order.get(p.place.file, len(order)),
            p.place.line,
            p.place.column,
            p.path,
            p.problem,
        ),
    )


def _relevant(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the environment variables on which a document can depend."""
    found = (VARIABLES[name].find(environ) for name in RELEVANT)
    return tuple(entry for entry in found if entry)


def _digests(known: Mapping[str, str], read: Reader) -> Mapping[str, str]:
    """Return the current digests of the files in ``known``."""
    found = {}
    for file in known:
        try:
            found[file] = sha256(read(file)).hexdigest()
        except OSError:
            found[file] = ""
    return found
