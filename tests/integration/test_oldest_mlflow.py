"""The tests of MLflow, run on the oldest version that is supported."""

from pathlib import Path

import pytest

from controller.emulation.mlflow import MlflowServer
from tests.integration.clients import test_mlflow_over_rest
from tests.integration.kinds import test_mlflow_kinds

# Created by `make test`, from requirements/oldest-mlflow.txt.
OLDEST = Path(__file__).parents[2] / ".venv-oldest" / "bin" / "python"

# MLflow checks the Host header from 3.5 on, and answers 500 for a missing file before.
_LATER = {
    "test_a_foreign_host_name_is_refused_with_its_remedy",
    "test_a_run_without_a_model_of_that_name_has_no_signature",
    "test_a_signature_whose_file_is_missing_raises",
}

for _facts in (test_mlflow_over_rest, test_mlflow_kinds):
    globals().update(
        (name, fact)
        for name, fact in vars(_facts).items()
        if (name.startswith("test_") and name not in _LATER)
        or name in {"registry", "http", "mlflow", "name"}
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    assert OLDEST.exists(), "run `make .venv-oldest/ready` to install the oldest MLflow"
    folder = tmp_path_factory.mktemp("mlflow")
    with MlflowServer(folder, interpreter=str(OLDEST)) as running:
        yield running


@pytest.fixture(scope="module")
def url(server):
    return server.url
