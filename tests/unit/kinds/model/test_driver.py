"""Observation of models: each on its own."""

from types import SimpleNamespace

from controller.core.document.resource import ResourceId
from controller.core.errors import TransientError
from controller.core.models.registry import RegisteredModel
from controller.core.resources.observation import Present, Unknown
from controller.kinds.model.driver import ModelDriver
from controller.kinds.model.spec import ModelSpec
from tests.fakes.stopped_clock import StoppedClock

BAD, GOOD = ResourceId("model", "bad"), ResourceId("model", "good")


class Reads:
    """A registry with two models, and one experiment that cannot be read."""

    def models(self):
        return tuple(RegisteredModel(name, "", {}, {}) for name in ("bad", "good"))

    def versions(self):
        return ()

    def experiments(self):
        return tuple(
            SimpleNamespace(name=name, id=name, deleted=False)
            for name in ("broken", "leads")
        )

    def runs(self, experiment_id, _metric):
        if experiment_id == "broken":
            message = "runs/search answered 500"
            raise TransientError(message)
        return ()

    def runs_by_id(self, ids):
        return {}


def spec(name, experiment):
    fields = {
        "name": name,
        "benchmark": {"metric": "accuracy", "baseline": 0.5},
        "versions": [{"select": {"experiment": experiment, "metric": "accuracy"}}],
    }
    return SimpleNamespace(spec=ModelSpec.model_validate(fields))


def test_a_model_whose_runs_cannot_be_read_does_not_hide_the_others():
    driver = ModelDriver(None, Reads(), "owner", lambda key: key, clock=StoppedClock())

    seen = driver.observe({BAD: spec("bad", "broken"), GOOD: spec("good", "leads")})

    assert isinstance(seen[BAD], Unknown)
    assert seen[BAD].temporary
    assert isinstance(seen[GOOD], Present)
