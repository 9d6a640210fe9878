"""Registered models in MLflow: observe, register once, tag, set aliases."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Dependencies
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError, NotFoundError, PermanentError
from controller.core.models.alias_record import alias_records, alias_records_tag
from controller.core.models.approvals import (
    APPROVED_TAG,
    Approvals,
    VersionApproval,
    approval_text,
    approvals_by_number,
)
from controller.core.models.history import VersionRegistration, moment
from controller.core.models.managed import (
    managed_tag,
    managed_words,
    words_to_record,
)
from controller.core.models.measurement import MetricBaseline, run_ids
from controller.core.models.metadata import (
    MetadataRecords,
    ModelMetadata,
    metadata_of,
)
from controller.core.models.model_id import id_tags
from controller.core.models.registration import (
    DUPLICATE_TAG,
    MODEL_ID_TAG,
    VALUE_TAG,
    ModelVersion,
    TrainingRun,
    registered,
)
from controller.core.models.registry import (
    CachedReads,
    RegisteredModel,
    RegistryWrites,
)
from controller.core.models.signature import Signature, UnreadableSignature
from controller.core.resources.driver import Applied
from controller.core.resources.importing import Imported, ImportSelection, LooksSecret
from controller.core.resources.observation import (
    Absent,
    Observation,
    Ownership,
    Present,
    unknown_from,
)
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.ownership import ownership_of, stamp
from controller.core.resources.plan import Action, Change, Verb
from controller.core.values.identity import APPLIED_TAG
from controller.kinds.model.compare import declared_words
from controller.kinds.model.importing import entry_of
from controller.kinds.model.operations import (
    records_after,
    rollback_of,
    version_numbered,
)
from controller.kinds.model.promotion import (
    alias_decisions,
    requires_approvals,
    unread_signatures,
    wanted_records,
)
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState
from controller.kinds.model.versions import (
    RequestedVersion,
    model_id,
    model_tags,
    requested_version,
)

Versions = Mapping[str, tuple[ModelVersion, ...]]
# First words of the paths that set one tag of a version.
_VERSION_TAGS = {
    "approvals": APPROVED_TAG,
    "duplicates": DUPLICATE_TAG,
    "values": VALUE_TAG,
}
_NO_APPROVALS = (
    "A gate requires approvals, which are recorded in the store. No store is "
    "configured or created: set HOKUSAI_STORE_URL, or run `hokusai apply`, which "
    "creates it."
)


def connect(dependencies: Dependencies) -> "ModelDriver":
    """Return the driver; raises PermanentError if there is no MLflow."""
    api, reader = dependencies.registry()

    def experiment_name(key: str) -> str:
        """Return MLflow's name of the experiment declared as ``key``."""
        resource = dependencies.declared().get(ResourceId("experiment", key))
        return key if resource is None else str(resource.spec.name)

    return ModelDriver(
        api,
        reader,
        dependencies.owner,
        experiment_name,
        clock=dependencies.clock,
        approvals=dependencies.approvals,
        metadata=dependencies.metadata,
        benchmarks=dependencies.benchmarks,
    )


class ModelDriver:
    """The only part of the kind that talks to MLflow; see ``core.resources.driver.Driver``.

    MLflow creates a second version when the same source is registered twice. So each
    version carries the hash of its registration: it is searched for right before the
    creation, and it finds a version whose answer was lost in the next pass.
    """

    def __init__(
        self,
        api: RegistryWrites,
        reader: CachedReads,
        owner: str,
        experiment_name: Callable[[str], str],
        *,
        clock: Clock,
        approvals: Approvals | None = None,
        metadata: MetadataRecords | None = None,
        benchmarks: Callable[[], Mapping[str, MetricBaseline]] = dict,
    ) -> None:
        """Initialize the driver.

        Args:
            api: Writes to MLflow.
            reader: Reads that the kinds of a pass share.
            owner: Value of the ownership tag.
            experiment_name: Returns MLflow's name of the experiment with a key.
            clock: Time of an observation and of an approval.
            approvals: Record of approvals; None without a store.
            metadata: Stored metadata of all versions; None where it is not written.
            benchmarks: Returns the declared benchmarks by MLflow's name of the model.
        """
        self._api = api
        self._reader = reader
        self._owner = owner
        self._experiment_name = experiment_name
        self._clock = clock
        self._approvals = approvals
        self._metadata = metadata
        self._benchmarks = benchmarks
        self._observed_metadata: tuple[ModelMetadata, ...] | None = None
        self._created: dict[str, tuple[ModelVersion, ...]] = {}

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return the declared models, and others with the ownership tag.

        A model is Unknown if its runs could not be read; the others are not affected.
        """
        self._created.clear()
        models = self._reader.models()
        by_name = {model.name: model for model in models}
        versions = self._versions()
        self._observed_metadata = self._read_runs(models, declared.values(), versions)
        seen: dict[ResourceId, Observation] = {}
        for id_, resource in declared.items():
            model = by_name.pop(resource.spec.name, None)
            seen[id_] = (
                Absent()
                if model is None
                else self._observed(model, versions, resource.spec)
            )
        for name, model in by_name.items():
            present = self._present(model, self._state(model, versions))
            if present.ownership is Ownership.MANAGED:
                seen[ResourceId("model", name)] = present
        return seen

    def record(self) -> None:
        """Store the metadata of all versions, as the last observation showed them.

        Does nothing if the runs could not be read, or without an observation.
        """
        current, self._observed_metadata = self._observed_metadata, None
        if self._metadata is not None and current is not None:
            self._metadata.replace(self._owner, current)

    def _read_runs(
        self,
        models: Iterable[RegisteredModel],
        declared: Iterable[Resource[Any]],
        versions: Versions,
    ) -> tuple[ModelMetadata, ...] | None:
        """Read the runs of all versions at once, for ``_observed`` to find them read.

        Usually without a request: a finished run is read once. Returns the metadata of
        all versions; None if it is not stored or the runs could not be read.
        """
        names = {resource.spec.name for resource in declared}
        if self._metadata is not None:
            names |= versions.keys()
        found = [v for name in names for v in versions.get(name, ())]
        try:
            runs = self._reader.runs_by_id(run_ids(found))
        except DriverError:
            return None
        return (
            None
            if self._metadata is None
            else tuple(self._metadata_of(models, versions, runs))
        )

    def _metadata_of(
        self,
        models: Iterable[RegisteredModel],
        versions: Versions,
        runs: Mapping[str, TrainingRun],
    ) -> Iterator[ModelMetadata]:
        benchmarks = self._benchmarks()
        for model in models:
            for version in versions.get(model.name, ()):
                run, declared = runs.get(version.run_id), benchmarks.get(model.name)
                yield metadata_of(model, version, run, declared)

    def _observed(
        self, model: RegisteredModel, versions: Versions, spec: ModelSpec
    ) -> Observation:
        try:
            runs = self._runs(spec)
            logged = self._reader.runs_by_id(run_ids(versions.get(model.name, ())))
            known = self._approvals_of(spec, versions.get(model.name, ()))
        except DriverError as error:
            return unknown_from(error)
        state = replace(
            self._state(model, versions),
            runs=runs,
            version_runs=logged,
            approvals=known,
        )
        return self._present(model, self._with_signatures(spec, state))

    def _approvals_of(
        self, spec: ModelSpec, versions: Iterable[ModelVersion]
    ) -> Mapping[int, VersionApproval]:
        """Return the stored approvals, if a gate of ``spec`` needs them."""
        if not requires_approvals(spec):
            return {}
        return approvals_by_number(self._stored().of(self._owner), versions)

    def _stored(self) -> Approvals:
        if self._approvals is None:
            raise PermanentError(_NO_APPROVALS)
        return self._approvals

    def _with_signatures(self, spec: ModelSpec, state: ModelState) -> ModelState:
        """Return ``state`` with the signatures that decide about an alias."""
        wanted = unread_signatures(spec, state)
        read = {
            version.number: self._signature(version)
            for version in state.versions
            if version.number in wanted
        }
        return replace(state, signatures=read)

    def _signature(self, version: ModelVersion) -> Signature:
        try:
            return self._reader.signature(version)
        except DriverError as error:
            return UnreadableSignature(f"its MLmodel file could not be read: {error}")

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> tuple[Imported, ...]:
        """Return registered models as entries of the document. Reads only.

        Raises DriverError: NotFoundError if none has the wanted name.
        """
        versions = self._versions()
        found = [m for m in self._reader.models() if wanted.name in ("", m.name)]
        if wanted.name and not found:
            msg = f"MLflow has no registered model {wanted.name}"
            raise NotFoundError(msg)
        return tuple(
            entry_of(model, versions.get(model.name, ()), wanted, secret)
            for model in found
        )

    def registrations(self, resource: Resource[Any]) -> tuple[VersionRegistration, ...]:
        """Return the versions of a model, with the users of their runs. Reads only."""
        versions = self._versions().get(resource.spec.name, ())
        runs = self._reader.runs_by_id(run_ids(versions))
        return tuple(_registration(v, runs.get(v.run_id)) for v in versions)

    def apply(self, action: Action) -> Applied:
        """Create the model, or register, tag and alias what is missing.

        Or carry out the requested operation.
        """
        if action.request is not None:
            return self._operate(action, action.request)
        spec: ModelSpec = action.desired
        wanted = declared_words(spec)
        stamped = stamp(self._owner, action.generation)
        # The stamp is last: with it, nothing of a removal is left to do.
        tags = {**model_tags(spec), **managed_tag(wanted), **stamped}
        if action.verb is Verb.CREATE:
            tags = {MODEL_ID_TAG: spec.id, **tags}
            self._api.create_model(spec.name, tags, spec.description)
            return Applied()
        state: ModelState = action.observed
        tags = {**id_tags(state.tags, model_id(spec, state)), **tags}
        recorded = words_to_record(state.tags, wanted)
        live = self._set_tags(spec.name, state.tags, recorded)
        self._remove(spec, state)
        if spec.description and spec.description != state.description:
            self._api.update_model(spec.name, spec.description)
        self._set_tags(spec.name, live, tags)
        self._tag_versions(action)
        versions = self._register(spec, state)
        set_ = self._set_aliases(spec, state, versions)
        planned = {change.path for change in action.changes}
        return Applied(further=tuple(c for c in set_ if c.path not in planned))

    def _operate(self, action: Action, request: OperationRequest) -> Applied:
        """Carry out an operation that an operator requested. Safe to repeat."""
        spec, state = action.desired, action.observed
        if action.verb is Verb.APPROVE:
            return self._approve(request, state)
        records = records_after(action.verb, request, spec, state)
        self._set_tags(spec.name, state.tags, alias_records_tag(records))
        if action.verb is Verb.RESUME:
            return Applied(f"The next pass sets alias {request.wanted}.")
        # The hold is recorded first: otherwise the next pass would promote again.
        alias, number = rollback_of(request)
        before = state.aliases.get(alias)
        if before != number:
            self._api.set_alias(spec.name, alias, number)
        return Applied(
            f"Alias {alias} is at version {number} and held there.",
            (Change(f"aliases.{alias}", before, number),),
        )

    def _approve(self, request: OperationRequest, state: ModelState) -> Applied:
        """Store the approval, then copy it to a tag; only the stored one counts."""
        version = version_numbered(request.wanted, state)
        if version is None:
            msg = f"version {request.wanted} does not exist"
            raise NotFoundError(msg)
        wanted = VersionApproval(
            version.model,
            version.number,
            version.created_ms,
            request.by,
            request.reason,
            self._clock.now(),
        )
        stored = self._stored().approve(self._owner, wanted)
        self._tag(version, {APPROVED_TAG: approval_text(stored)})
        return Applied(f"Version {version.number} is approved by {stored}")

    def _set_tags(
        self, name: str, live: Mapping[str, str], tags: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Set those of ``tags`` that differ from ``live``; return the tags then."""
        for key, value in tags.items():
            if live.get(key) != value:
                self._api.set_model_tag(name, key, value)
        return {**live, **tags}

    def _remove(self, spec: ModelSpec, state: ModelState) -> None:
        """Remove the fields that are no longer declared, observed or not.

        A read that lags may not show a field; its word is removed afterwards, so this
        is the last time that it is known.
        """
        for word in sorted(managed_words(state.tags) - declared_words(spec)):
            field, _, name = word.partition(".")
            match field:
                case "tags":
                    self._api.delete_model_tag(spec.name, name)
                case "aliases":
                    self._api.delete_alias(spec.name, name)
                case _:
                    self._api.update_model(spec.name, "")

    def _register(self, spec: ModelSpec, state: ModelState) -> tuple[ModelVersion, ...]:
        """Create the declared versions that are missing; return all versions.

        Versions that this pass observed or created count even if a later read, which
        may lag, does not return them: they would be created twice.
        """
        self._reader.clear()
        known = (*state.versions, *self._created.get(spec.name, ()))
        fresh = self._versions().get(spec.name, ())
        by_number = {v.number: v for v in (*known, *fresh)}
        versions = tuple(by_number.values())
        for version in spec.versions:
            want = requested_version(spec, version, state)
            if want is None:
                continue
            existing = registered(versions, want.hash)
            if existing is None:
                created = self._create(spec, want)
                before = self._created.get(spec.name, ())
                self._created[spec.name] = (*before, created)
                versions = (*versions, created)
            else:
                self._tag(existing, want.tags)
        return versions

    def _create(self, spec: ModelSpec, want: RequestedVersion) -> ModelVersion:
        version = self._api.create_version(
            spec.name, want.source, want.run_id, want.tags, spec.description
        )
        if version.tags.get(DUPLICATE_TAG) or version.model != spec.name:
            msg = (
                f"MLflow returned another version for the creation of {spec.name}: "
                "check MLflow's registry"
            )
            raise PermanentError(msg)
        return version

    def _tag(self, version: ModelVersion, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            if version.tags.get(key) != value:
                self._api.set_version_tag(version.model, version.number, key, value)

    def _tag_versions(self, action: Action) -> None:
        for change in action.changes:
            what, _, number = change.path.partition(".")
            tag = _VERSION_TAGS.get(what)
            if tag is not None:
                name, after = action.desired.name, str(change.after)
                self._api.set_version_tag(name, int(number), tag, after)

    def _set_aliases(
        self, spec: ModelSpec, state: ModelState, versions: tuple[ModelVersion, ...]
    ) -> list[Change]:
        """Record the targets of aliases with gates, then set all aliases.

        Returns the aliases that were changed.

        With the record first, an alias that is not set yet is set by a later pass, even
        if its version fails a gate then.
        """
        at, changes = replace(state, versions=versions), []
        records = wanted_records(spec, at)
        if records != alias_records(state.tags):
            self._set_tags(spec.name, state.tags, alias_records_tag(records))
        for decision in alias_decisions(spec, at):
            alias, number = decision.alias, decision.target
            before = state.aliases.get(alias)
            if number is not None and before != number:
                self._api.set_alias(spec.name, alias, number)
                changes.append(Change(f"aliases.{alias}", before, number))
        return changes

    def _versions(self) -> Versions:
        grouped: defaultdict[str, list[ModelVersion]] = defaultdict(list)
        for version in self._reader.versions():
            grouped[version.model].append(version)
        return {name: tuple(versions) for name, versions in grouped.items()}

    def _runs(self, spec: ModelSpec) -> dict[str, tuple[TrainingRun, ...]]:
        """Return the finished runs of each experiment that ``spec`` selects from."""
        ids = {e.name: e.id for e in self._reader.experiments() if not e.deleted}
        runs: dict[str, tuple[TrainingRun, ...]] = {}
        for version in spec.versions:
            if version.select is None:
                continue
            key = version.select.experiment
            id_ = ids.get(self._experiment_name(key))
            if id_ is not None:
                found = self._reader.runs(id_, version.select.metric)
                runs[key] = (*runs.get(key, ()), *found)
        return runs

    def _state(self, model: RegisteredModel, versions: Versions) -> ModelState:
        return ModelState(
            model.description,
            model.tags,
            model.aliases,
            versions.get(model.name, ()),
            observed_at=self._clock.now(),
        )

    def _present(
        self, model: RegisteredModel, state: ModelState
    ) -> Present[ModelState]:
        ownership = ownership_of(model.tags, self._owner)
        return Present(state, ownership, model.tags.get(APPLIED_TAG))


def _registration(
    version: ModelVersion, run: TrainingRun | None
) -> VersionRegistration:
    return VersionRegistration(
        version.number,
        moment(version.created_ms),
        version.source,
        version.run_id,
        run.user if run else "",
    )
