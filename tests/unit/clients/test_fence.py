"""Writes are not sent once the lease is lost."""

import pytest

from controller.clients.fence import FencedAws, FencedRest
from controller.clients.mlflow.rest import MlflowRest
from controller.core.errors import PermanentError


class Aws:
    def __init__(self):
        self.calls = []

    def call(self, service, operation, /, **parameters):
        self.calls.append(operation)
        return {}


class Rest(MlflowRest):
    def __init__(self):
        self.paths = []

    def request(self, method, path, *, body=None, params=None):
        self.paths.append(path)
        return {}


def test_reads_of_aws_pass_and_writes_are_refused():
    aws = Aws()
    fenced = FencedAws(aws, lambda: False)

    fenced.call("ecs", "DescribeServices")
    with pytest.raises(PermanentError, match="ecs:UpdateService was not sent"):
        fenced.call("ecs", "UpdateService")

    assert aws.calls == ["DescribeServices"]


def test_searches_of_mlflow_pass_and_writes_are_refused():
    rest = Rest()
    fenced = FencedRest(rest, lambda: False)

    fenced.request("POST", "runs/search")
    with pytest.raises(PermanentError, match="model-versions/create was not sent"):
        fenced.request("POST", "model-versions/create")

    assert rest.paths == ["runs/search"]


def test_the_holder_of_the_lease_writes():
    aws, rest = Aws(), Rest()

    FencedAws(aws, lambda: True).call("ecs", "UpdateService")
    FencedRest(rest, lambda: True).request("POST", "model-versions/create")

    assert (aws.calls, rest.paths) == (["UpdateService"], ["model-versions/create"])


def test_files_of_mlflow_are_read_without_the_lease():
    class Files(Rest):
        def text(self, path, params):
            return f"{path} {params['path']}"

    fenced = FencedRest(Files(), lambda: False)

    assert fenced.text("get-artifact", {"path": "MLmodel"}) == "get-artifact MLmodel"
