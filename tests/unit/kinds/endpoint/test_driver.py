"""The endpoint driver carries out the changes it knows, each in its own way."""

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError
from controller.core.resources.plan import Action, Change, Reason, Verb
from controller.kinds.endpoint.driver import EndpointDriver
from controller.kinds.endpoint.spec import EndpointSpec
from controller.kinds.endpoint.state import EndpointState

SPEC = EndpointSpec.model_validate(
    {
        "host": "mlflow.hokusai-local.local",
        "port": 5000,
        "fallback": {"env": "MLFLOW_FALLBACK_IP", "publish": {"ssm": "/mlflow/ip"}},
    }
)
STATE = EndpointState(("127.0.0.3",), kept=("127.0.0.2",), published="127.0.0.2")


class Backends:
    """Keeps what is written."""

    def __init__(self):
        self.kept, self.published = [], []

    def keep(self, _host, addresses):
        self.kept.append(addresses)

    def call(self, _service, _operation, /, **asked):
        self.published.append(asked["Value"])
        return {}


def apply(*changes):
    """Apply ``changes`` and return what was written."""
    written = Backends()
    driver = EndpointDriver(None, written, written, None)
    action = Action(
        ResourceId("endpoint", "mlflow"),
        Verb.UPDATE,
        Reason.DRIFTED,
        changes,
        SPEC,
        STATE,
    )
    driver.apply(action)
    return written


def test_a_kept_address_is_not_published():
    written = apply(Change("fallback.kept", ["127.0.0.2"], ["127.0.0.3"]))

    assert written.kept == [("127.0.0.3",)]
    assert written.published == []


def test_a_published_address_is_not_kept():
    written = apply(Change("fallback.published", "127.0.0.2", "127.0.0.3"))

    assert written.published == ["127.0.0.3"]
    assert written.kept == []


def test_a_change_that_the_driver_does_not_know_is_refused():
    with pytest.raises(PermanentError, match=r"fallback\.pinned"):
        apply(Change("fallback.pinned", None, "127.0.0.9"))
