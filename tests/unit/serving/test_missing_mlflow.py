"""A server without mlflow says how to install it."""

import pytest

from controller.core.predictions.readiness import NotReadyError
from controller.serving import mlflow_loader
from controller.serving.mlflow_loader import INSTALL, MlflowLoader
from tests.builders.served_models import version


def test_a_server_without_mlflow_names_the_packages(monkeypatch):
    monkeypatch.setattr(mlflow_loader, "find_spec", lambda _name: None)

    with pytest.raises(NotReadyError) as caught:
        MlflowLoader("http://127.0.0.1:1").load(version(1))

    assert INSTALL in str(caught.value)
