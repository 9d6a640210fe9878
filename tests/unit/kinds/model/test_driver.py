"""Observation of models: each on its own."""

from types import SimpleNamespace

from controller.core.document.resource import ResourceId
from controller.core.errors import TransientError
from controller.core.models.measurement import MetricBaseline
from controller.core.models.registration import ModelVersion, TrainingRun
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


class Registry(Reads):
    """A model that the document declares, and one that it does not."""

    def __init__(self):
        self.asked = []
        self.error = None

    def versions(self):
        return tuple(
            ModelVersion(name, 1, "runs:/x/model", f"run-{name}", created_ms=5)
            for name in ("good", "bad")
        )

    def runs_by_id(self, ids):
        self.asked.append(set(ids))
        if self.error is not None:
            raise self.error
        return {id_: TrainingRun(id_, {"accuracy": 0.7}, "") for id_ in ids}


class Kept:
    """Metadata as it was stored last."""

    def __init__(self):
        self.stored = []

    def replace(self, registry, current):
        self.stored.append((registry, {record.model: record for record in current}))


def observing(reads, metadata):
    benchmarks = {"good": MetricBaseline("accuracy", 0.5)}
    driver = ModelDriver(
        None,
        reads,
        "owner",
        lambda key: key,
        clock=StoppedClock(),
        metadata=metadata,
        benchmarks=lambda: benchmarks,
    )
    driver.observe({GOOD: spec("good", "leads")})
    return driver


def test_the_metadata_of_all_models_is_stored_once_for_each_observation():
    reads, kept = Registry(), Kept()
    driver = observing(reads, kept)

    driver.record()
    driver.record()

    ((registry, found),) = kept.stored
    assert registry == "owner"
    assert found["good"].baseline_metrics == {"accuracy": 0.5}
    assert found["bad"].metrics == {"accuracy": 0.7}
    assert reads.asked[0] == {"run-good", "run-bad"}


def test_nothing_is_stored_if_the_runs_could_not_be_read():
    reads, kept = Registry(), Kept()
    reads.error = TransientError("runs/search answered 500")

    observing(reads, kept).record()

    assert kept.stored == []


def test_without_a_store_only_the_runs_of_declared_models_are_read():
    reads = Registry()

    observing(reads, None).record()

    assert {id_ for ids in reads.asked for id_ in ids} == {"run-good"}
