"""The URL of MLflow, by the document and the environment."""

import pytest

from controller.bootstrap.mlflow import tracking_uri
from controller.settings import Settings
from tests.builders.documents import document

SETTINGS = Settings(mlflow_tracking_uri="http://elsewhere:5000/ml")
ENDPOINT = "endpoints:\n  mlflow: {host: mlflow.internal, port: 5000}\n"


@pytest.mark.parametrize(
    ("body", "uri"),
    [
        ("", "http://elsewhere:5000/ml"),
        (ENDPOINT, "http://mlflow.internal:5000"),
        (f"  mlflow: {{prefix: /ml}}\n{ENDPOINT}", "http://mlflow.internal:5000/ml"),
    ],
    ids=["no endpoint", "endpoint", "endpoint with a prefix"],
)
def test_the_endpoint_and_its_prefix_come_before_the_variable(body, uri):
    assert tracking_uri(document(body), SETTINGS) == uri


@pytest.mark.parametrize("prefix", ["ml", "/ml/", "/", "/m?l"])
def test_a_prefix_that_could_not_be_joined_is_refused(prefix):
    from tests.builders.documents import problem

    assert "must be a path that starts with /" in problem(
        f"  mlflow: {{prefix: '{prefix}'}}\n"
    )
