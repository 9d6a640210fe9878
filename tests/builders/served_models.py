"""Models in memory that need no MLflow."""

import threading

from controller.core.models.signature import signature_of
from controller.core.predictions.readiness import NotReadyError, VersionKey
from controller.core.predictions.rows import ModelRows
from controller.serving.loaded_model import LoadedModel

SIGNATURE = signature_of('[{"name": "x", "type": "double", "required": true}]')
EXAMPLE = ModelRows({"x": [1.0, 5.0]}, 2)


def version(number, model="leads"):
    return VersionKey(model, number)


class Loader:
    """Loads models that multiply by their number.

    Attributes:
        gates: Events that the loads of versions wait for, by number.
        problems: Reasons why versions do not load, by number.
        loads: Numbers of the versions that were loaded, in order.
        closed: Numbers of the versions whose files were freed.
        predict: Replaces the prediction of all versions.
    """

    def __init__(self, **options):
        self.gates, self.problems = {}, {}
        self.loads, self.closed = [], []
        self.predict = options.get("predict")
        self.example = options.get("example", EXAMPLE)

    def hold(self, number):
        return self.gates.setdefault(number, threading.Event())

    def load(self, key):
        self.loads.append(key.number)
        if key.number in self.gates:
            assert self.gates[key.number].wait(20)
        if key.number in self.problems:
            raise NotReadyError(self.problems[key.number])

        def predict(rows):
            return [x * key.number for x in rows.columns["x"]]

        return LoadedModel(
            SIGNATURE,
            self.predict or predict,
            self.example,
            lambda: self.closed.append(key.number),
        )
