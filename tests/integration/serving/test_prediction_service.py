"""`hokusai serve` with a real MLflow: the examples of the guide, and imports."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from controller.emulation.mlflow import MlflowServer
from tests.builders.api_server import KEY, serving
from tests.builders.training import training_run

pytestmark = pytest.mark.filterwarnings("ignore")
GUIDE = Path(__file__).parents[3] / "specs" / "guide" / "api.md"
NAME = "sales-lead-scoring"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Return the URL of the API, whose MLflow has one model."""
    frame = pd.DataFrame({"amount": [0.5, 1.0, 12.0, 14.0], "visits": [0, 1, 3, 4]})
    model = LogisticRegression().fit(frame, [0, 0, 1, 1])
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as server:
        with training_run(server.url):
            mlflow.sklearn.log_model(
                model,
                name="model",
                signature=mlflow.models.infer_signature(frame, model.predict(frame)),
                input_example=frame.head(2),
                pip_requirements=[f"scikit-learn=={version('scikit-learn')}"],
                registered_model_name=NAME,
            )
        mlflow.MlflowClient().set_registered_model_alias(NAME, "production", "1")
        folder = tmp_path_factory.mktemp("serve")
        with serving(folder, MLFLOW_TRACKING_URI=server.url) as found:
            yield found


def example(language, containing):
    blocks = re.findall(r"```(\w*)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return next(
        text for kind, text in blocks if kind == language and containing in text
    )


def ran(command, url):
    environ = {**os.environ, "HOKUSAI_API_KEY": KEY}
    found = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout)


def test_the_curl_example_of_the_guide_predicts(url):
    text = example("", "/predict").replace(
        "localhost:8001", url.removeprefix("http://")
    )

    answer = ran(["bash", "-c", text], url)

    assert answer["predictions"] == {"prediction": 1}
    shown = json.loads(example("json", "predictions"))
    assert answer.keys() == shown.keys()
    assert answer["metadata"].keys() == shown["metadata"].keys()


def test_the_python_example_of_the_guide_predicts(url):
    text = example("python", "/predict").replace("http://localhost:8001", url)

    assert ran([sys.executable, "-c", text], url) == {"predictions": [1, 0]}


def test_serve_imports_no_library_of_models_before_the_first_one():
    code = (
        "import sys, controller.app.api_server;"
        "print(sorted({'mlflow','sklearn','numpy','pandas'} & set(sys.modules)))"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
