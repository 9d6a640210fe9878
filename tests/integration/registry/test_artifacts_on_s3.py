"""Train, register and load a model whose files are on S3 (moto's)."""

import boto3
import mlflow
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from controller.emulation.ecs.timing import Timing
from controller.emulation.mlflow import MlflowServer
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.registry import ExperimentManager, ModelRegistry

pytestmark = pytest.mark.filterwarnings("ignore")

BUCKET = "hokusai-mlflow-artifacts-test"
NAME = "Lead Scoring"


@pytest.fixture
def s3(monkeypatch):
    """Return a client of an S3 with one bucket, which MLflow and its clients use."""
    with EmulatorServer(runtime=ScriptedRuntime(), timing=Timing.instant()) as server:
        for name, value in {
            "MLFLOW_S3_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOKUSAI_CODE_VERSION": "c0ffee",
        }.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=server.url, region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.mark.parametrize("proxied", [True, False], ids=["by the server", "directly"])
def test_a_model_is_trained_registered_and_loaded(s3, tmp_path, proxied):
    place = f"s3://{BUCKET}/artifacts"
    variables = {"_MLFLOW_SERVER_ARTIFACT_DESTINATION": place}
    if not proxied:
        variables = {
            "_MLFLOW_SERVER_ARTIFACT_ROOT": place,
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "false",
        }
    features, labels = load_iris(return_X_y=True)

    with MlflowServer(tmp_path, variables=variables) as server:
        with ExperimentManager(server.url).start_experiment("scoring") as run:
            model = LogisticRegression(max_iter=500).fit(features, labels)
            run.log_metric("accuracy", float(model.score(features, labels)))
            requirements = ["scikit-learn"]
            mlflow.sklearn.log_model(model, name="model", pip_requirements=requirements)
        registry = ModelRegistry(server.url)
        entry = registry.register_tokenized_model(
            run.model_uri(), NAME, "LSCOR", "accuracy", 0.65
        )
        loaded = mlflow.pyfunc.load_model(f"models:/{NAME}/{entry.version}")
        predicted = loaded.predict(features)

    assert list(predicted) == list(model.predict(features))
    assert entry.metrics["accuracy"] > 0.9
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert any(key.startswith("artifacts/") and key.endswith("MLmodel") for key in keys)
