"""Loads from a real MLflow server: safe formats, environments, and predictions."""

from importlib.metadata import version
from itertools import count

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from controller.core.models.registration import REGISTRATION_TAG
from controller.core.predictions.batching import batching_obstacle, is_close
from controller.core.predictions.body import prediction_body
from controller.core.predictions.readiness import NotReadyError, VersionKey
from controller.core.predictions.rows import model_rows
from controller.emulation.mlflow import MlflowServer
from controller.serving.mlflow_loader import MlflowLoader
from tests.builders.training import training_run

pytestmark = pytest.mark.filterwarnings("ignore")
_NAMES = count(1)
_NUMBERS = np.random.default_rng(1).random((40, 3))
FEATURES = pd.DataFrame(_NUMBERS, columns=["a", "b", "c"])
LABELS = (FEATURES["a"] > 0.5).astype(int)
# Named, so that MLflow need not infer them in another process.
INSTALLED = [f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn")]
ROWS = [{"a": 0.9, "b": 0.1, "c": 0.5}, {"a": 0.1, "b": 0.1, "c": 0.5}]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow")) as running:
        yield running


@pytest.fixture
def log(server):
    """Log and register a model, and return its version."""

    def logged(tags=None, flavor=None, **options):
        name = f"leads-{next(_NAMES)}"
        with training_run(server.url):
            info = (flavor or mlflow.sklearn).log_model(
                **{"name": "model", "pip_requirements": INSTALLED, **options}
            )
        client = mlflow.MlflowClient()
        client.create_registered_model(name)
        found = client.create_model_version(
            name, info.model_uri, tags=tags or {}, model_id=info.model_id
        )
        return VersionKey(name, int(found.version))

    return logged


@pytest.fixture(scope="module")
def classifier():
    return LogisticRegression().fit(FEATURES, LABELS)


@pytest.fixture
def sklearn(log, classifier):
    def logged(**options):
        return log(
            **{
                "sk_model": classifier,
                "signature": mlflow.models.infer_signature(FEATURES, LABELS),
                "input_example": FEATURES.head(2),
                **options,
            }
        )

    return logged


def rows_of(model, sent):
    return model_rows(prediction_body(sent), model.signature)


def test_a_skops_model_predicts_as_it_does_in_training(server, sklearn, classifier):
    model = MlflowLoader(server.url).load(sklearn())

    found = model.predict(rows_of(model, {"dataframe_records": ROWS}))

    assert found == classifier.predict(pd.DataFrame(ROWS)).tolist() == [1, 0]
    assert model.example.count == 2
    assert batching_obstacle(model.predict, model.example) == ""
    model.close()


def test_a_pickle_is_loaded_only_of_a_registered_or_named_model(server, sklearn):
    options = {"serialization_format": "cloudpickle"}
    logged = sklearn(**options)

    with pytest.raises(NotReadyError, match="would execute code"):
        MlflowLoader(server.url).load(logged)
    MlflowLoader(server.url, [logged.model]).load(logged).close()
    registered = sklearn(**options, tags={REGISTRATION_TAG: "v1:made-up"})
    MlflowLoader(server.url).load(registered).close()


def test_another_environment_is_the_reason(server, sklearn):
    logged = sklearn(pip_requirements=["scikit-learn==0.24.2", "no-such-package"])

    with pytest.raises(NotReadyError) as caught:
        MlflowLoader(server.url).load(logged)

    assert "scikit-learn==0.24.2; here is " in str(caught.value)
    assert "no-such-package; it is not installed" in str(caught.value)


def test_a_model_without_a_signature_is_not_served(server, sklearn):
    logged = sklearn(signature=False, input_example=None)

    with pytest.raises(NotReadyError, match="has no signature"):
        MlflowLoader(server.url).load(logged)


def test_a_version_that_is_missing_is_the_reason(server):
    with pytest.raises(NotReadyError, match="RESOURCE_DOES_NOT_EXIST"):
        MlflowLoader(server.url).load(VersionKey("missing", 1))


def echo():
    """Return a model that returns its input with the names of its types."""

    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            types = [
                ",".join(type(v).__name__ for v in row)
                for row in model_input.itertuples(index=False)
            ]
            return pd.DataFrame({"types": types, "x": model_input["x"]})

    return Echo()


def test_every_type_of_column_reaches_the_model(server, log):
    example = pd.DataFrame(
        {
            "x": [1.5],
            "f": np.array([1.5], dtype="float32"),
            "n": [2**60],
            "i": np.array([7], dtype="int32"),
            "s": ["a"],
            "t": [True],
            "d": pd.to_datetime(["2026-01-01"]),
            "b": [b"raw"],
        }
    )
    logged = log(
        flavor=mlflow.pyfunc,
        python_model=echo(),
        signature=mlflow.models.infer_signature(example, example),
        tags={REGISTRATION_TAG: "v1:made-up"},
    )
    model = MlflowLoader(server.url).load(logged)
    row = {
        "x": 1.5,
        "f": 1.5,
        "n": 2**60,
        "i": 7,
        "s": "a",
        "t": True,
        "d": "2026-01-01T00:00:00Z",
        "b": "cmF3",
    }

    found = model.predict(rows_of(model, {"dataframe_records": [row, row]}))

    types = found[0]["types"].split(",")
    assert types[4] == "str"
    assert types[6:] == ["Timestamp", "bytes"]
    assert [r["x"] for r in found] == [1.5, 1.5]
    model.close()


def test_a_tensor_model_receives_an_array(server, log, classifier):
    logged = log(
        sk_model=LogisticRegression().fit(FEATURES.to_numpy(), LABELS),
        signature=mlflow.models.infer_signature(FEATURES.to_numpy(), LABELS.to_numpy()),
        input_example=FEATURES.to_numpy()[:2],
    )
    model = MlflowLoader(server.url).load(logged)

    found = model.predict(rows_of(model, {"instances": [[0.9, 0.1, 0.5]]}))

    assert is_close(found, [1])
    assert batching_obstacle(model.predict, model.example) == ""
    model.close()
