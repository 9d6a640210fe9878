"""Registration and lookup of models, for training code."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlflow.exceptions import MlflowException

from controller.core.models.lineage import (
    BASELINE_ID_TAG,
    CONTRIBUTOR_TAG,
    METRICS_TAG,
)
from controller.core.models.logged_models import sources_by_run
from controller.core.models.managed import managed_words
from controller.core.models.model_id import current_id, former_ids
from controller.core.models.registration import (
    BASELINE_TAG,
    DUPLICATE_TAG,
    METRIC_TAG,
    REGISTRATION_TAG,
    TOKEN_TAG,
    VALUE_TAG,
    ModelVersion,
    logged_model_of_source,
    originals,
    registered,
    registration_hash,
    run_of_source,
)
from controller.core.models.tokens import contributor_address, token_symbol
from controller.registry.connection import connected, logged_model_of, pages, reported
from controller.registry.entries import (
    DELTA_TAG,
    IS_BASELINE_TAG,
    LEGACY_ID_TAG,
    PROPOSAL_TAG,
    STATUS_TAG,
    ModelEntry,
    ModelLineage,
    RegistryError,
    entry_of,
)

PRODUCTION = "production"
_EXISTS = "RESOURCE_ALREADY_EXISTS"
# Tags that name the proposal of a token, the first one that is set.
_PROPOSALS = (
    "proposal_identifier",
    "proposal_ticker",
    "canonical_identifier",
    "ticker",
)


class ModelRegistry:
    """The models of the platform, in MLflow.

    Every method raises RegistryError if MLflow refuses or does not answer. A
    registration may be repeated: an equal one, of the same files, run and model, returns
    the version that exists.

    Args:
        tracking_uri: URL of MLflow or of its proxy; default: MLFLOW_TRACKING_URI.
        api_key: Key for a proxy; default: MLFLOW_TRACKING_TOKEN or HOKUSAI_API_KEY.
    """

    def __init__(
        self, tracking_uri: str | None = None, api_key: str | None = None
    ) -> None:
        self._client = connected(tracking_uri, api_key)

    def register_baseline(
        self,
        model_uri: str,
        model_name: str,
        *,
        metrics: Mapping[str, float] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> ModelEntry:
        """Register the first model of its kind, which later ones are compared with.

        Args:
            model_uri: URI of the model files, as in ``runs:/RUN/model``.
            model_name: Name of the registered model in MLflow; created if missing.
            metrics: Measured values; default: those that the run logged.
            metadata: Further properties, kept as JSON in the tag ``metadata``.
        """
        tags = {IS_BASELINE_TAG: "true"}
        if metadata:
            tags["metadata"] = json.dumps(metadata, sort_keys=True)
        return self._register(model_uri, model_name, tags, metrics)

    def register_improved_model(
        self,
        model_uri: str,
        *,
        baseline_id: str,
        delta_metrics: Mapping[str, float],
        contributor: str,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelEntry:
        """Register a model that improves an earlier version.

        Args:
            model_uri: URI of the model files.
            baseline_id: Id of the version that it improves; see ``get_model_by_id``.
            delta_metrics: Improvement of each metric.
            contributor: Ethereum address of the contributor: 0x and 40 hex digits.
            metrics: Measured values; default: those that the run logged.

        Raises:
            ValueError: ``contributor`` is not an address.
        """
        address = contributor_address(contributor)
        baseline = self.get_model_by_id(baseline_id)
        tags = {
            IS_BASELINE_TAG: "false",
            BASELINE_ID_TAG: baseline.id,
            DELTA_TAG: json.dumps(dict(delta_metrics), sort_keys=True),
            CONTRIBUTOR_TAG: address,
        }
        return self._register(model_uri, baseline.model_name, tags, metrics)

    def register_tokenized_model(
        self,
        model_uri: str,
        model_name: str,
        token_id: str,
        metric_name: str,
        baseline_value: float,
        additional_tags: Mapping[str, str] | None = None,
    ) -> ModelEntry:
        """Register a model that belongs to a token.

        Args:
            model_uri: URI of the model files.
            model_name: Name of the registered model in MLflow; created if missing.
            token_id: Symbol of the token; stored in upper case.
            metric_name: Metric that the model is measured by.
            baseline_value: Value that the metric must reach.
            additional_tags: Further tags of the version.

        Raises:
            ValueError: ``token_id`` is not a symbol.
        """
        symbol = token_symbol(token_id)
        more = dict(additional_tags or {})
        proposal = next((more[key] for key in _PROPOSALS if more.get(key)), symbol)
        tags = {
            TOKEN_TAG: symbol,
            METRIC_TAG: metric_name,
            BASELINE_TAG: str(float(baseline_value)),
            STATUS_TAG: "registered",
            PROPOSAL_TAG: proposal,
            **more,
        }
        return self._register(model_uri, model_name, tags, None)

    def get_model_by_id(self, model_id: str) -> ModelEntry:
        """Return the version with an id, or the current version of a model.

        Accepts the id of a model, also a former one, its name in MLflow,
        ``NAME/VERSION`` and ``NAME/VERSION/TOKEN``.
        """
        name, number = _version_in(model_id)
        if number is not None:
            found = next(
                (v for v in self.list_versions(name) if v.version == number), None
            )
            if found is not None:
                return found
        for model in self._models():
            tags = dict(model.tags)
            ids = (current_id(model.name, tags), model.name, *former_ids(tags))
            if model_id in ids and (latest := self.get_latest_model(model.name)):
                return latest
        tagged = next(self._tagged(model_id), None)
        if tagged is not None:
            return tagged
        msg = (
            f"no model has the id {model_id}: `list_models()` returns those that exist"
        )
        raise RegistryError(msg)

    def get_model_lineage(self, model_id: str) -> ModelLineage:
        """Return the versions that led to a version, the first baseline first."""
        entry = self.get_model_by_id(model_id)
        chain, seen = [entry], {entry.id}
        while entry.baseline_id and entry.baseline_id not in seen:
            entry = self.get_model_by_id(entry.baseline_id)
            seen.add(entry.id)
            chain.insert(0, entry)
        total: dict[str, float] = {}
        for one in chain:
            for metric, delta in one.delta_metrics.items():
                total[metric] = total.get(metric, 0.0) + delta
        return ModelLineage(chain[-1].model_id, tuple(chain), total)

    def list_models(self) -> tuple[ModelEntry, ...]:
        """Return the current version of each model, by name."""
        found = (self.get_latest_model(model.name) for model in self._models())
        return tuple(entry for entry in found if entry is not None)

    def list_versions(self, model_name: str) -> tuple[ModelEntry, ...]:
        """Return the versions of a model, the oldest first, without duplicates."""
        try:
            with reported(f"reading the model {model_name}"):
                model = self._client.get_registered_model(model_name)
        except RegistryError as error:
            if "RESOURCE_DOES_NOT_EXIST" in str(error):
                return ()
            raise
        aliases = {alias: int(n) for alias, n in dict(model.aliases).items()}
        versions = sorted(originals(self._versions(model_name)), key=lambda v: v.number)
        return tuple(entry_of(v, dict(model.tags), aliases) for v in versions)

    def get_latest_model(self, model_name: str) -> ModelEntry | None:
        """Return the version with the alias ``production``, else the newest one.

        None if the model has no version.
        """
        versions = self.list_versions(model_name)
        produced = [entry for entry in versions if PRODUCTION in entry.aliases]
        return next(iter((*produced, *reversed(versions))), None)

    def set_alias(self, model_name: str, alias: str, version: int) -> None:
        """Point an alias to a version. Safe to repeat.

        Raises:
            RegistryError: The document declares the alias; the controller sets it.
        """
        with reported(f"reading the model {model_name}"):
            tags = dict(self._client.get_registered_model(model_name).tags)
        if f"aliases.{alias}" in managed_words(tags):
            msg = (
                f"the alias {alias} of {model_name} is declared in hokusai.yaml, and the "
                "controller would move it back: change it there"
            )
            raise RegistryError(msg)
        with reported(f"setting the alias {alias} of {model_name}"):
            self._client.set_registered_model_alias(model_name, alias, str(version))

    def rollback_model(self, model_name: str, to: int | None = None) -> ModelEntry:
        """Point ``production`` to an earlier version, and return that version.

        Args:
            model_name: Name of the model in MLflow.
            to: Number of the version; default: the one before the current one.

        Raises:
            RegistryError: There is no such version, or the document declares the alias.
        """
        versions = self.list_versions(model_name)
        current = self.get_latest_model(model_name)
        earlier = [v for v in versions if current and v.version < current.version]
        wanted = [v for v in versions if v.version == to] if to else earlier[-1:]
        if not wanted:
            which = f"version {to}" if to else "no version before the current one"
            msg = f"{model_name} has {'no ' if to else ''}{which}"
            raise RegistryError(msg)
        self.set_alias(model_name, PRODUCTION, wanted[0].version)
        return next(
            v for v in self.list_versions(model_name) if v.version == wanted[0].version
        )

    def _register(
        self,
        source: str,
        name: str,
        tags: Mapping[str, str],
        metrics: Mapping[str, float] | None,
    ) -> ModelEntry:
        """Return the version of an equal registration, created if there is none."""
        run_id = run_of_source(source) or self._run_of_logged_model(source)
        hash_ = registration_hash(name, source, run_id)
        measured = dict(metrics) if metrics is not None else self._logged(run_id)
        tags = {
            REGISTRATION_TAG: hash_,
            **({METRICS_TAG: json.dumps(measured, sort_keys=True)} if measured else {}),
            **({"mlflow_run_id": run_id} if run_id else {}),
            **tags,
        }
        if (value := measured.get(tags.get(METRIC_TAG, ""))) is not None:
            tags[VALUE_TAG] = str(value)
        self._ensure_model(name)
        existing = registered(self._versions(name), hash_)
        if existing is None:
            existing = self._create(name, source, run_id, tags)
        return next(v for v in self.list_versions(name) if v.version == existing.number)

    def _create(
        self, name: str, source: str, run_id: str, tags: Mapping[str, str]
    ) -> ModelVersion:
        """Create a version; of equal ones created at once, the lowest number counts."""
        with reported(f"registering {name} from {source}"):
            stored = self._stored_source(source, run_id)
            created = self._client.create_model_version(
                name,
                stored,
                run_id=run_id or None,
                tags=dict(tags),
                model_id=logged_model_of_source(stored) or None,
            )
        first = registered(self._versions(name), tags[REGISTRATION_TAG])
        if first is not None and first.number < int(created.version):
            with reported(f"marking version {created.version} of {name}"):
                self._client.set_model_version_tag(
                    name, created.version, DUPLICATE_TAG, str(first.number)
                )
        return first or _version_of(created)

    def _stored_source(self, source: str, run_id: str) -> str:
        """Return the URI of the files of ``source``, which may name a run and a path.

        MLflow 3 keeps the files of a model outside of the run that logged it, so that a
        version with the URI of the run could not be loaded.
        """
        path = source.removeprefix(f"runs:/{run_id}/")
        if path == source:
            return source
        experiment = self._client.get_run(run_id).info.experiment_id
        found = pages(
            self._client.search_logged_models,
            experiment_ids=[experiment],
            filter_string=f"source_run_id = '{run_id}'",
        )
        logged = (logged_model_of(model) for model in found if model.name == path)
        return sources_by_run(logged).get(run_id, source)

    def _ensure_model(self, name: str) -> None:
        try:
            self._client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != _EXISTS:
                msg = f"creating the model {name} failed: {error.message}"
                raise RegistryError(msg) from error

    def _logged(self, run_id: str) -> dict[str, float]:
        """Return the metrics of a run; none without a run."""
        if not run_id:
            return {}
        with reported(f"reading the run {run_id}"):
            return dict(self._client.get_run(run_id).data.metrics)

    def _run_of_logged_model(self, source: str) -> str:
        """Return the run of a logged model of MLflow 3; empty for other sources."""
        id_ = logged_model_of_source(source)
        if not id_:
            return ""
        with reported(f"reading the logged model {id_}"):
            return str(self._client.get_logged_model(id_).source_run_id or "")

    def _versions(self, name: str) -> tuple[ModelVersion, ...]:
        with reported(f"reading the versions of {name}"):
            found = pages(
                self._client.search_model_versions,
                filter_string=f"name={_quoted(name)}",
            )
            return tuple(_version_of(version) for version in found)

    def _models(self) -> tuple[Any, ...]:
        with reported("reading the models"):
            return tuple(pages(self._client.search_registered_models))

    def _tagged(self, model_id: str) -> Iterator[ModelEntry]:
        """Yield the versions that the predecessor's ``model_id`` tag names."""
        text = f"tags.{LEGACY_ID_TAG}={_quoted(model_id)}"
        with reported(f"searching for {model_id}"):
            found = [*pages(self._client.search_model_versions, filter_string=text)]
        for version in found:
            for entry in self.list_versions(version.name):
                if entry.version == int(version.version):
                    yield entry


def _version_in(model_id: str) -> tuple[str, int | None]:
    """Return name and number in ``NAME/VERSION`` or ``NAME/VERSION/TOKEN``."""
    parts = model_id.split("/")
    for at in (1, 2):
        if len(parts) > at and parts[-at].isdecimal():
            return "/".join(parts[:-at]), int(parts[-at])
    return model_id, None


def _version_of(found: Any) -> ModelVersion:
    return ModelVersion(
        found.name,
        int(found.version),
        found.source or "",
        found.run_id or "",
        str(found.status),
        int(found.creation_timestamp or 0),
        dict(found.tags),
    )


def _quoted(text: str) -> str:
    """Return ``text`` in the quotes that MLflow's filters allow for it."""
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"
