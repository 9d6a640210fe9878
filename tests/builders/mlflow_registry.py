"""Models and experiments on a real MLflow server."""

from itertools import count

from controller.clients.clock import SystemClock
from controller.clients.mlflow import MlflowApi, MlflowReader
from controller.kinds.experiment.driver import ExperimentDriver
from controller.kinds.model.driver import ModelDriver
from tests.builders.reconcile_loop import Machine, declared

_NAMES = count(1)


class MlflowRegistry:
    """A controller's view of one MLflow, and what a stranger can do to it."""

    def __init__(self, http):
        self.http = http
        self.api = MlflowApi(http)
        reader = MlflowReader(self.api)
        self.name = f"leads-{next(_NAMES)}"
        # Another owner for each test: what others left behind is not ours.
        self.owner = owner = f"{self.name}/local"
        self.machine = Machine(
            {
                "experiment": ExperimentDriver(self.api, reader, owner),
                "model": ModelDriver(
                    self.api, reader, owner, lambda key: key, clock=SystemClock()
                ),
            },
            forget=(reader.clear,),
        )

    def post(self, path, **body):
        answer = self.http.post(f"/api/2.0/mlflow/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def model(self, **fields):
        fields = {"versions": [{"source": "s3://bucket/model"}], **fields}
        return declared("model", self.name, fields)

    def versions(self):
        return [v for v in self.api.versions() if v.model == self.name]

    def run(self, experiment_id, metrics, source=True):
        """Log a finished run as training code does, by REST alone."""
        run = self.post("runs/create", experiment_id=experiment_id, start_time=1)
        run_id = run["run"]["info"]["run_id"]
        for key, value in metrics.items():
            self.post(
                "runs/log-metric", run_id=run_id, key=key, value=value, timestamp=1
            )
        if source:
            made = self.post(
                "logged-models",
                experiment_id=experiment_id,
                name="model",
                source_run_id=run_id,
            )
            id_ = made["model"]["info"]["model_id"]
            path = f"/api/2.0/mlflow/logged-models/{id_}"
            body = {"model_id": id_, "status": "LOGGED_MODEL_READY"}
            self.http.patch(path, json=body).raise_for_status()
        self.post("runs/update", run_id=run_id, status="FINISHED", end_time=2)
        return run_id
