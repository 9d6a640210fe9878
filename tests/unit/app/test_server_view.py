"""MLflow of the API service, from the document."""

import pytest

from controller.app.server_view import ServerView

HEADER = """\
apiVersion: hokusai.ai/v1
platform: {name: t, environment: development, account: "123456789012", region: us-east-1}
"""
ENDPOINT = "endpoints:\n  mlflow: {host: mlflow.t-development.local, port: 5000}\n"


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        (HEADER + ENDPOINT, "http://mlflow.t-development.local:5000"),
        (HEADER, None),
        (None, None),
    ],
    ids=["declared", "not declared", "no document"],
)
def test_mlflow_is_the_endpoint_of_the_document(tmp_path, monkeypatch, text, uri):
    for name in ("ENVIRONMENT", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "hokusai.yaml"
    if text is not None:
        file.write_text(text)

    assert ServerView(file, None).mlflow_uri() == uri
