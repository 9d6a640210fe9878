"""Runs of MLflow's client library, in a process that uses one server after another."""

from collections.abc import Iterator
from contextlib import contextmanager

import mlflow


@contextmanager
def training_run(url: str) -> Iterator[None]:
    """Begin a run at the MLflow server at ``url``, and end it.

    The library keeps the experiment that was set last, whatever server it was on.
    """
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    mlflow.set_experiment("training")
    with mlflow.start_run():
        yield
