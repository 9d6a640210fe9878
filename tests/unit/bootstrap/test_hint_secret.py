"""The secret of hints is read again when it may have changed, and not too often."""

import pytest

from controller.bootstrap.hint_secret import HintSecret
from controller.core.errors import NotFoundError
from controller.settings import Settings
from tests.builders.documents import document
from tests.fakes.stopped_clock import StoppedClock

URL = "https://hints.hokus.ai/hints/mlflow"
HINT = document(f"  mlflow: {{hint: {{url: '{URL}', secret: {{env: HINT}}}}}}\n")


class World:
    def __init__(self):
        self.clock = StoppedClock()
        self.environ = {"HINT": "first"}
        self._secret = HintSecret(Settings(), self.environ, self.clock)

    def values(self, *, again=False):
        return self._secret.values(HINT, again=again)


@pytest.fixture
def world():
    return World()


def test_a_document_without_a_hint_has_no_secrets(world):
    assert world._secret.values(document(), again=False) is None


def test_the_secret_is_kept_for_a_minute(world):
    world.values()
    world.environ["HINT"] = "second"
    world.clock.forward(59)

    assert world.values() == ("first",)
    world.clock.forward(1)
    assert world.values() == ("second",)


def test_the_secret_is_read_again_after_a_mismatch_at_most_every_five_seconds(world):
    world.values()
    world.environ["HINT"] = "second"

    assert world.values(again=True) == ("first",)
    world.clock.forward(5)
    assert world.values(again=True) == ("second",)


def test_a_failure_is_kept_for_five_seconds_and_names_the_reference(world):
    del world.environ["HINT"]
    with pytest.raises(NotFoundError, match="env:HINT is not set"):
        world.values()
    world.environ["HINT"] = "second"

    with pytest.raises(NotFoundError, match="env:HINT is not set"):
        world.values()
    world.clock.forward(5)
    assert world.values() == ("second",)
