"""Experiments in MLflow: observe, create, restore, tag."""

from collections.abc import Callable, Mapping
from typing import Any

from controller.core.dependencies import Dependencies
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError
from controller.core.models.managed import (
    managed_tag,
    managed_words,
    words_to_record,
)
from controller.core.models.registration import Direction
from controller.core.models.registry import Experiment, RegistryReads, RegistryWrites
from controller.core.resources.details import DetailSection, read_section
from controller.core.resources.driver import Applied
from controller.core.resources.importing import Imported, ImportSelection, LooksSecret
from controller.core.resources.observation import (
    Absent,
    Observation,
    Ownership,
    Present,
)
from controller.core.resources.ownership import ownership_of, stamp
from controller.core.resources.plan import Action, Verb
from controller.core.values.identity import APPLIED_TAG
from controller.kinds.experiment.compare import (
    declared_tags,
    declared_words,
)
from controller.kinds.experiment.details import RUN, SHOWN, best_runs, run_rows
from controller.kinds.experiment.importing import entry_of
from controller.kinds.experiment.spec import ExperimentSpec
from controller.kinds.experiment.state import ExperimentState

# Returns metric and mode of each selection from the experiment with a key.
Selections = Callable[[str], tuple[tuple[str, Direction], ...]]
# MLflow creates this experiment by itself.
_DEFAULT = "0"


def connect(dependencies: Dependencies) -> "ExperimentDriver":
    """Return the driver; raises PermanentError if there is no MLflow."""
    api, reader = dependencies.registry()

    def selections(key: str) -> tuple[tuple[str, Direction], ...]:
        """Return metric and mode of each selection from the experiment ``key``."""
        models = (r for i, r in dependencies.declared().items() if i.kind == "model")
        found = (version.select for model in models for version in model.spec.versions)
        wanted = (s for s in found if s is not None and s.experiment == key)
        return tuple(dict.fromkeys((s.metric, s.mode) for s in wanted))

    return ExperimentDriver(api, reader, dependencies.owner, selections)


class ExperimentDriver:
    """The only part of the kind that talks to MLflow; see ``core.resources.driver.Driver``."""

    def __init__(
        self,
        api: RegistryWrites,
        reader: RegistryReads,
        owner: str,
        selections: Selections = lambda _key: (),
    ) -> None:
        self._api = api
        self._reader = reader
        self._owner = owner
        self._selections = selections

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return the declared experiments, and others with the ownership tag."""
        by_name = {e.name: e for e in self._reader.experiments()}
        seen: dict[ResourceId, Observation] = {}
        for id_, resource in declared.items():
            experiment = by_name.pop(resource.spec.name, None)
            seen[id_] = Absent() if experiment is None else self._present(experiment)
        for name, experiment in by_name.items():
            present = self._present(experiment)
            if present.ownership is Ownership.MANAGED and not experiment.deleted:
                seen[ResourceId("experiment", name)] = present
        return seen

    def details(self, resource: Resource[Any]) -> tuple[DetailSection, ...]:
        """Return the latest runs, and the best ones by each selection of a model."""
        name = resource.spec.name
        ids = {e.name: e.id for e in self._reader.experiments() if not e.deleted}
        if name not in ids:
            return ()
        latest = read_section(
            "latest runs",
            RUN,
            lambda: run_rows(self._reader.latest_runs(ids[name], SHOWN)),
        )
        best = (
            read_section(
                f"best runs by {metric} ({mode})",
                RUN,
                lambda metric=metric, mode=mode: run_rows(  # type: ignore[misc]
                    best_runs(self._reader.runs(ids[name], metric), metric, mode)
                ),
            )
            for metric, mode in self._selections(resource.id.name)
        )
        return (latest, *best)

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> tuple[Imported, ...]:
        """Return experiments as entries of the document, without deleted ones.

        Reads only. Raises DriverError: NotFoundError if none has the wanted name.
        """
        active = [e for e in self._reader.experiments() if not e.deleted]
        found = [e for e in active if wanted.name in ("", e.name)]
        if wanted.name and not found:
            msg = f"MLflow has no experiment {wanted.name}"
            raise NotFoundError(msg)
        return tuple(
            entry_of(experiment, wanted, secret)
            for experiment in found
            if wanted.name or experiment.id != _DEFAULT
        )

    def apply(self, action: Action) -> Applied:
        """Create the experiment, or restore and tag it."""
        spec: ExperimentSpec = action.desired
        wanted = declared_words(spec)
        # The stamp is last: with it, nothing of a removal is left to do.
        tags = {**managed_tag(wanted), **stamp(self._owner, action.generation)}
        if action.verb is Verb.CREATE:
            self._api.create_experiment(
                spec.name,
                {**declared_tags(spec), **tags},
                spec.artifact_location or "",
            )
            return Applied()
        state: ExperimentState = action.observed
        if not state.active:
            self._api.restore_experiment(state.id)
        live = self._set_tags(state, state.tags, words_to_record(state.tags, wanted))
        for word in sorted(managed_words(state.tags) - wanted):
            # Observed or not: a read that lags may not show the tag.
            self._api.delete_experiment_tag(state.id, word.removeprefix("tags."))
        self._set_tags(state, live, {**declared_tags(spec), **tags})
        return Applied()

    def _set_tags(
        self, state: ExperimentState, live: Mapping[str, str], tags: Mapping[str, str]
    ) -> Mapping[str, str]:
        """Set those of ``tags`` that differ from ``live``; return the tags then."""
        for key, value in tags.items():
            if live.get(key) != value:
                self._api.set_experiment_tag(state.id, key, value)
        return {**live, **tags}

    def _present(self, experiment: Experiment) -> Present[ExperimentState]:
        state = ExperimentState(
            experiment.id,
            not experiment.deleted,
            experiment.tags,
            experiment.artifact_location,
        )
        ownership = ownership_of(experiment.tags, self._owner)
        return Present(state, ownership, experiment.tags.get(APPLIED_TAG))
