"""Models that training runs logged: the one that is registered for each run."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

# Clients of MLflow 2 record here which models a run logged; they create no LoggedModel.
HISTORY_TAG = "mlflow.log-model.history"


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A logged model of MLflow 3.

    Attributes:
        id: MLflow's id, as in ``m-…``.
        run_id: Run that logged it; empty for none.
        created_ms: Creation, in milliseconds since the epoch.
        ready: True if its files are complete.
    """

    id: str
    run_id: str
    created_ms: int
    ready: bool


def sources_by_run(models: Iterable[LoggedModel]) -> dict[str, str]:
    """Return the URI of the newest ready model that each run logged, by run."""
    ordered = sorted(models, key=lambda model: (model.created_ms, model.id))
    return {m.run_id: f"models:/{m.id}" for m in ordered if m.run_id and m.ready}


def source_in_history(run_id: str, history: str) -> str:
    """Return the URI of the last model that an MLflow 2 client logged, or "".

    Args:
        run_id: The run.
        history: Value of its tag ``mlflow.log-model.history``; empty for none.
    """
    try:
        entries = json.loads(history or "[]")
        path = str(entries[-1]["artifact_path"]).strip("/")
    except (ValueError, LookupError, TypeError):
        return ""
    return f"runs:/{run_id}/{path}" if path and ".." not in path else ""
