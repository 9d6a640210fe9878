"""Tracking of experiments, for training code."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import ViewType

from controller.core.models.lineage import (
    COMMIT_TAG,
    DATASET_HASH_TAG,
    DATASET_ID_TAG,
    DATASET_SIZE_TAG,
)
from controller.core.models.logged_models import (
    HISTORY_TAG,
    source_in_history,
    sources_by_run,
)
from controller.core.models.registration import Direction, TrainingRun, best_run
from controller.registry.connection import connected, logged_model_of, pages, reported
from controller.registry.entries import RegistryError, RunSummary, moment

# The name that the platform's users know.
DEFAULT_EXPERIMENT = "hokusai-pipeline"
_GIT_SECONDS = 5


class ExperimentRun:
    """A run in progress. MLflow's own functions, as ``mlflow.sklearn``, use it too.

    Attributes:
        run_id: MLflow's id.
        experiment_id: MLflow's id of its experiment.
    """

    def __init__(self, run: Any) -> None:
        self.run_id: str = run.info.run_id
        self.experiment_id: str = run.info.experiment_id

    def log_param(self, key: str, value: object) -> None:
        """Log one parameter; MLflow keeps its first value."""
        with reported(f"logging the parameter {key}"):
            mlflow.log_param(key, value)

    def log_params(self, params: Mapping[str, object]) -> None:
        """Log several parameters."""
        with reported("logging parameters"):
            mlflow.log_params(dict(params))

    def log_metric(self, key: str, value: float, step: int | None = None) -> None:
        """Log one value of a metric; the last one counts."""
        with reported(f"logging the metric {key}"):
            mlflow.log_metric(key, value, step=step)

    def log_metrics(
        self, metrics: Mapping[str, float], step: int | None = None
    ) -> None:
        """Log a value of several metrics."""
        with reported("logging metrics"):
            mlflow.log_metrics(dict(metrics), step=step)

    def log_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the run."""
        with reported("setting tags"):
            mlflow.set_tags(dict(tags))

    def log_artifact(self, path: str | Path, folder: str | None = None) -> None:
        """Upload a file to the artifacts of the run."""
        with reported(f"uploading {path}"):
            mlflow.log_artifact(str(path), folder)

    def log_dataset(
        self, id_: str, content_hash: str, samples: int | None = None
    ) -> None:
        """Record the dataset of the run, for the lineage of its model.

        Args:
            id_: Name or address of the dataset.
            content_hash: Hash of its content, as in ``sha256:…``.
            samples: Number of samples.
        """
        size = {DATASET_SIZE_TAG: str(samples)} if samples is not None else {}
        self.log_tags({DATASET_ID_TAG: id_, DATASET_HASH_TAG: content_hash, **size})

    def model_uri(self, path: str = "model") -> str:
        """Return the URI of a model that the run logged, for a registration."""
        return f"runs:/{self.run_id}/{path}"


class ExperimentManager:
    """Experiments in MLflow: start runs, compare them, and find the best one.

    Every method raises RegistryError if MLflow refuses or does not answer.

    Args:
        tracking_uri: URL of MLflow or of its proxy; default: MLFLOW_TRACKING_URI.
        api_key: Key for a proxy; default: MLFLOW_TRACKING_TOKEN or HOKUSAI_API_KEY.
    """

    def __init__(
        self, tracking_uri: str | None = None, api_key: str | None = None
    ) -> None:
        self._client = connected(tracking_uri, api_key)

    @contextmanager
    def start_experiment(
        self,
        name: str = DEFAULT_EXPERIMENT,
        *,
        run_name: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Iterator[ExperimentRun]:
        """Start a run, and end it with the block: FAILED if the block raises.

        The experiment is created if it does not exist. The commit of the code in the
        working directory is recorded.

        Args:
            name: Name of the experiment in MLflow.
            run_name: Name of the run; default: MLflow chooses one.
            tags: Tags of the run.
        """
        commit = code_version()
        recorded = {**({COMMIT_TAG: commit} if commit else {}), **dict(tags or {})}
        with reported(f"starting a run of {name}"):
            experiment = mlflow.set_experiment(name)
            run = mlflow.start_run(
                experiment_id=experiment.experiment_id,
                run_name=run_name,
                tags=recorded,
            )
        with run:
            yield ExperimentRun(run)

    def runs(self, name: str = DEFAULT_EXPERIMENT) -> tuple[RunSummary, ...]:
        """Return the runs of an experiment, the newest first; none if it is missing."""
        with reported(f"reading the experiment {name}"):
            experiment = self._client.get_experiment_by_name(name)
            if experiment is None:
                return ()
            ids = [experiment.experiment_id]
            logged = pages(self._client.search_logged_models, experiment_ids=ids)
            sources = sources_by_run(map(logged_model_of, logged))
            found = pages(
                self._client.search_runs,
                experiment_ids=ids,
                run_view_type=ViewType.ACTIVE_ONLY,
                order_by=["attributes.start_time DESC"],
            )
            return tuple(_summary(run, sources) for run in found)

    def compare(
        self, run_ids: tuple[str, ...] | list[str], name: str = DEFAULT_EXPERIMENT
    ) -> dict[str, dict[str, float | None]]:
        """Return the value of each metric in each run, by metric and run.

        Raises:
            RegistryError: A run is not in the experiment.
        """
        by_id = {run.run_id: run for run in self.runs(name)}
        unknown = [id_ for id_ in run_ids if id_ not in by_id]
        if unknown:
            msg = f"{name} has no run {unknown[0]}: `runs({name!r})` returns its runs"
            raise RegistryError(msg)
        metrics = sorted({key for id_ in run_ids for key in by_id[id_].metrics})
        return {
            metric: {id_: by_id[id_].metrics.get(metric) for id_ in run_ids}
            for metric in metrics
        }

    def best_run(
        self,
        metric: str,
        name: str = DEFAULT_EXPERIMENT,
        *,
        mode: Direction = "max",
        minimum: float | None = None,
    ) -> RunSummary | None:
        """Return the run that a selection in the document would register.

        The best finished run that logged a model, or None if there is none.

        Args:
            metric: Metric to compare runs by.
            name: Name of the experiment.
            mode: ``max`` if a higher value is better.
            minimum: Worst value that is accepted.
        """
        finished = {r.run_id: r for r in self.runs(name) if r.status == "FINISHED"}
        runs = [
            TrainingRun(
                r.run_id, r.metrics, r.source, int(r.started.timestamp() * 1000)
            )
            for r in finished.values()
        ]
        found = best_run(runs, metric, mode, minimum)
        return finished[found.id] if found else None


def code_version() -> str:
    """Return the commit of the working directory; empty outside of a repository.

    HOKUSAI_CODE_VERSION takes precedence, for images that contain no repository.
    """
    if declared := os.environ.get("HOKUSAI_CODE_VERSION", ""):
        return declared
    try:
        found = subprocess.run(
            ("git", "rev-parse", "HEAD"),  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()


def _summary(run: Any, sources: Mapping[str, str]) -> RunSummary:
    info, data = run.info, run.data
    return RunSummary(
        run_id=info.run_id,
        status=info.status,
        started=moment(info.start_time),
        user=data.tags.get("mlflow.user", info.user_id or ""),
        params=dict(data.params),
        metrics=dict(data.metrics),
        source=sources.get(info.run_id)
        or source_in_history(info.run_id, data.tags.get(HISTORY_TAG, "")),
    )
