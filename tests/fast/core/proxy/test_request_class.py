"""The class of a proxied request, which decides the limit that it counts for."""

import pytest

from controller.core.access.rate import RequestClass
from controller.core.proxy.request_class import request_class_of


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (("mlflow:read",), RequestClass.MLFLOW_READ),
        (("mlflow:artifacts:read",), RequestClass.ARTIFACTS),
        (("mlflow:artifacts:write", "mlflow:read"), RequestClass.ARTIFACTS),
        (("mlflow:write",), RequestClass.MLFLOW_WRITE),
        ((), RequestClass.MLFLOW_WRITE),
    ],
)
def test_a_request_counts_for_the_class_of_its_scopes(scopes, expected):
    assert request_class_of(scopes) is expected
