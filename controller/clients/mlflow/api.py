"""MLflow's REST API as the controller uses it."""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from copy import copy
from typing import Any, Self

import httpx

from controller.clients.mlflow.rest import MlflowRest
from controller.clients.mlflow.values import (
    PROMPT_TAG,
    experiment_of,
    logged_model_of,
    model_of,
    recent_version_of,
    run_of,
    signature_in,
    tag_list,
    version_of,
    webhook_body,
    webhook_of,
)
from controller.core.errors import NotFoundError, TransientError
from controller.core.models.logged_models import sources_by_run
from controller.core.models.recent_versions import RecentVersion
from controller.core.models.registration import (
    ModelVersion,
    TrainingRun,
    logged_model_of_source,
    run_of_source,
)
from controller.core.models.registry import Experiment, RegisteredModel
from controller.core.models.registry_webhooks import RegistryWebhook, WebhookContent
from controller.core.models.signature import Signature
from controller.core.values.batches import batched

# Maximum page sizes of MLflow 3.17.
_EXPERIMENTS = 50_000
_MODELS = 1_000
_VERSIONS = 200_000
_RUNS = 50_000
_LOGGED_MODELS = 1_000
_WEBHOOKS = 1_000
# Keeps the filter of a search below 20,000 characters.
_RUNS_BY_ID = 500
_MODEL_FILE = "MLmodel"


class MlflowApi:
    """MLflow's registry and experiments. Thread-safe.

    Every method raises DriverError: ConflictError if the object exists already,
    NotFoundError if it does not exist, OutcomeUnknownError if the response to a write
    was lost.

    Args:
        http: Client for the server's URL; see ``http_client``. Closed by its owner.
        credentials: Headers with the credentials; empty if the server requires none.
    """

    def __init__(
        self, http: httpx.Client, credentials: Mapping[bytes, bytes] | None = None
    ) -> None:
        self._rest = MlflowRest(http, credentials)

    def wrapped(self, wrapper: Callable[[MlflowRest], MlflowRest]) -> Self:
        """Return a copy that sends its requests through ``wrapper``."""
        other = copy(self)
        other._rest = wrapper(self._rest)  # noqa: SLF001 - of the same class
        return other

    def ping(self) -> None:
        """Send a request that needs MLflow's database; raise if it fails."""
        body = {"max_results": 1}
        self._rest.request("POST", "experiments/search", body=body)

    def experiments(self) -> tuple[Experiment, ...]:
        """Return all experiments, including deleted ones."""
        found = self._rest.pages(
            "POST",
            "experiments/search",
            "experiments",
            max_results=_EXPERIMENTS,
            view_type="ALL",
        )
        return tuple(experiment_of(answer) for answer in found)

    def models(self) -> tuple[RegisteredModel, ...]:
        """Return all registered models except prompts."""
        found = self._rest.pages(
            "GET", "registered-models/search", "registered_models", max_results=_MODELS
        )
        models = (model_of(answer) for answer in found)
        return tuple(model for model in models if PROMPT_TAG not in model.tags)

    def versions(self) -> tuple[ModelVersion, ...]:
        """Return all versions of all registered models except prompts."""
        found = self._rest.pages(
            "GET", "model-versions/search", "model_versions", max_results=_VERSIONS
        )
        versions = (version_of(answer) for answer in found)
        return tuple(version for version in versions if PROMPT_TAG not in version.tags)

    def recent_versions(self, limit: int) -> tuple[RecentVersion, ...]:
        """Return the most recently updated versions, at most ``limit``, in one request."""
        params: dict[str, str | int] = {
            "max_results": limit,
            "order_by": "last_updated_timestamp DESC",
        }
        answer = self._rest.request("GET", "model-versions/search", params=params)
        return tuple(map(recent_version_of, answer.get("model_versions", ())))

    def webhooks(self) -> tuple[RegistryWebhook, ...]:
        """Return MLflow's own webhooks, the oldest first."""
        found = self._rest.pages("GET", "webhooks", "webhooks", max_results=_WEBHOOKS)
        webhooks = map(webhook_of, found)
        return tuple(sorted(webhooks, key=lambda w: (w.created_ms, w.id)))

    def create_webhook(self, name: str, content: WebhookContent) -> str:
        """Create an active webhook and return its id. Each call creates another one."""
        body = {"name": name, **webhook_body(content)}
        answer = self._rest.request("POST", "webhooks", body=body)
        return str(answer["webhook"]["webhook_id"])

    def update_webhook(self, id_: str, content: WebhookContent) -> None:
        """Replace the content of a webhook and activate it. Safe to repeat."""
        body = webhook_body(content)
        self._rest.request("PATCH", f"webhooks/{id_}", body=body)

    def delete_webhook(self, id_: str) -> None:
        """Delete a webhook. Safe to repeat."""
        with suppress(NotFoundError):
            self._rest.request("DELETE", f"webhooks/{id_}")

    def runs(self, experiment_id: str, metric: str) -> tuple[TrainingRun, ...]:
        """Return the finished runs that logged ``metric``, with their models.

        The source of a run is the URI of the model it logged, for ``create_version``;
        empty if it logged none.
        """
        logged = self._rest.pages(
            "POST",
            "logged-models/search",
            "models",
            experiment_ids=[experiment_id],
            max_results=_LOGGED_MODELS,
        )
        sources = sources_by_run(map(logged_model_of, logged))
        found = self._rest.pages(
            "POST",
            "runs/search",
            "runs",
            experiment_ids=[experiment_id],
            filter="attributes.status = 'FINISHED'",
            run_view_type="ACTIVE_ONLY",
            max_results=_RUNS,
        )
        runs = (run_of(answer, sources) for answer in found)
        return tuple(run for run in runs if metric in run.metrics)

    def latest_runs(self, experiment_id: str, limit: int) -> tuple[TrainingRun, ...]:
        """Return the newest runs of one experiment in any state, the newest first."""
        answer = self._rest.request(
            "POST",
            "runs/search",
            body={
                "experiment_ids": [experiment_id],
                "run_view_type": "ACTIVE_ONLY",
                "max_results": limit,
                "order_by": ["attributes.start_time DESC"],
            },
        )
        return tuple(run_of(run, {}) for run in answer.get("runs", ()))

    def runs_by_id(self, ids: Collection[str]) -> dict[str, TrainingRun]:
        """Return the runs with these ids, in any state and experiment, by id.

        One request per 500 runs, and one for the experiments, because a search names
        them. Runs that do not exist are left out.
        """
        wanted = sorted(ids)
        experiments = [e.id for e in self.experiments()] if wanted else []
        found: dict[str, TrainingRun] = {}
        for batch in batched(wanted, _RUNS_BY_ID):
            named = ", ".join(f"'{id_}'" for id_ in batch)
            answers = self._rest.pages(
                "POST",
                "runs/search",
                "runs",
                experiment_ids=experiments,
                filter=f"attributes.run_id IN ({named})",
                run_view_type="ALL",
                max_results=_RUNS,
            )
            runs = [run_of(answer, {}) for answer in answers]
            found |= {run.id: run for run in runs}
        return found

    def signature(self, version: ModelVersion) -> Signature:
        """Return the signature in the MLmodel file of ``version``.

        MLflow finds the files of a version by its source, except by the address of a
        run.

        Raises:
            DriverError: The file could not be read.
        """
        run_id = run_of_source(version.source)
        if run_id:
            folder = version.source.partition(run_id)[2].strip("/")
            return signature_in(self._model_file_of_run(run_id, folder))
        parameters: dict[str, str | int] = {
            "name": version.model,
            "version": version.number,
            "path": _MODEL_FILE,
        }
        return signature_in(self._rest.text("model-versions/get-artifact", parameters))

    def _model_file_of_run(self, run_id: str, folder: str) -> str:
        """Return the MLmodel file in ``folder`` of a run.

        Clients of MLflow 2 store it as an artifact of the run; those of MLflow 3 as a
        logged model with that name. For a missing artifact, MLflow 3.3 answers 500.
        """
        path = f"{folder}/{_MODEL_FILE}" if folder else _MODEL_FILE
        try:
            return self._rest.text("get-artifact", {"run_uuid": run_id, "path": path})
        except (NotFoundError, TransientError):
            model_id = self._logged_model(run_id, folder)
            if not model_id:
                raise
        where = f"ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
        return self._rest.text(where, {"artifact_file_path": _MODEL_FILE})

    def _logged_model(self, run_id: str, name: str) -> str:
        """Return the id of the newest ready model that a run logged as ``name``, or ""."""
        run = self._rest.request("GET", "runs/get", params={"run_id": run_id})["run"]
        logged = self._rest.pages(
            "POST",
            "logged-models/search",
            "models",
            experiment_ids=[run["info"]["experiment_id"]],
            filter=f"source_run_id = '{run_id}'",
            max_results=_LOGGED_MODELS,
        )
        named = (
            logged_model_of(model)
            for model in logged
            if model["info"].get("name") == name
        )
        return logged_model_of_source(sources_by_run(named).get(run_id, ""))

    def create_experiment(
        self, name: str, tags: Mapping[str, str], artifact_location: str = ""
    ) -> str:
        """Create an experiment and return its id.

        Raises:
            ConflictError: An experiment has the name, possibly a deleted one.
        """
        body: dict[str, Any] = {"name": name, "tags": tag_list(tags)}
        if artifact_location:
            body["artifact_location"] = artifact_location
        answer = self._rest.request("POST", "experiments/create", body=body)
        return str(answer["experiment_id"])

    def restore_experiment(self, experiment_id: str) -> None:
        """Restore a deleted experiment; NotFoundError if it is not deleted."""
        body = {"experiment_id": experiment_id}
        self._rest.request("POST", "experiments/restore", body=body)

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set one tag. Safe to repeat."""
        body = {"experiment_id": experiment_id, "key": key, "value": value}
        self._rest.request("POST", "experiments/set-experiment-tag", body=body)

    def delete_experiment_tag(self, experiment_id: str, key: str) -> None:
        """Delete one tag. Safe to repeat."""
        body = {"experiment_id": experiment_id, "key": key}
        with suppress(NotFoundError):
            self._rest.request("POST", "experiments/delete-experiment-tag", body=body)

    def create_model(
        self, name: str, tags: Mapping[str, str], description: str = ""
    ) -> RegisteredModel:
        """Create a registered model; ConflictError if the name exists."""
        body = {"name": name, "tags": tag_list(tags), "description": description}
        answer = self._rest.request("POST", "registered-models/create", body=body)
        return model_of(answer["registered_model"])

    def update_model(self, name: str, description: str) -> None:
        """Replace the description. Safe to repeat."""
        body = {"name": name, "description": description}
        self._rest.request("PATCH", "registered-models/update", body=body)

    def set_model_tag(self, name: str, key: str, value: str) -> None:
        """Set one tag of a registered model. Safe to repeat."""
        body = {"name": name, "key": key, "value": value}
        self._rest.request("POST", "registered-models/set-tag", body=body)

    def delete_model_tag(self, name: str, key: str) -> None:
        """Delete one tag of a registered model. Safe to repeat."""
        body = {"name": name, "key": key}
        self._rest.request("DELETE", "registered-models/delete-tag", body=body)

    def create_version(
        self,
        model: str,
        source: str,
        run_id: str,
        tags: Mapping[str, str],
        description: str = "",
    ) -> ModelVersion:
        """Create a version. Not safe to repeat: each call creates another one.

        MLflow creates it together with its tags, so that a version whose response was
        lost can be found by them.
        """
        body: dict[str, Any] = {
            "name": model,
            "source": source,
            "tags": tag_list(tags),
            "description": description,
        }
        if run_id:
            body["run_id"] = run_id
        if model_id := logged_model_of_source(source):
            # MLflow requires the id although the URI contains it.
            body["model_id"] = model_id
        answer = self._rest.request("POST", "model-versions/create", body=body)
        return version_of(answer["model_version"])

    def set_version_tag(self, model: str, number: int, key: str, value: str) -> None:
        """Set one tag of a version. Safe to repeat."""
        body = {"name": model, "version": str(number), "key": key, "value": value}
        self._rest.request("POST", "model-versions/set-tag", body=body)

    def delete_version_tag(self, model: str, number: int, key: str) -> None:
        """Delete one tag of a version. Safe to repeat."""
        body = {"name": model, "version": str(number), "key": key}
        self._rest.request("DELETE", "model-versions/delete-tag", body=body)

    def set_alias(self, model: str, alias: str, number: int) -> None:
        """Create or move ``alias`` to a version. Safe to repeat."""
        body = {"name": model, "alias": alias, "version": str(number)}
        self._rest.request("POST", "registered-models/alias", body=body)

    def delete_alias(self, model: str, alias: str) -> None:
        """Delete an alias. Safe to repeat."""
        body = {"name": model, "alias": alias}
        self._rest.request("DELETE", "registered-models/alias", body=body)
