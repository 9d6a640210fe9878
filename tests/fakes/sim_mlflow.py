"""MLflow in memory, with the behaviour of its documentation and its server.

A repeated creation of a version creates two versions; an existing name is refused with
400; deleted experiments keep their names; version numbers start again when a model is
recreated. The conformance test sends the same calls to a real server.
"""

import pickle
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from controller.clients.mlflow.rest import MlflowRest
from controller.core.clock import Clock
from controller.core.errors import ConflictError, NotFoundError, PermanentError
from tests.fakes.sim_wire import Wire

Body = dict[str, Any]
_RESERVED = re.compile(r"latest|v[0-9]+", re.IGNORECASE)


_GONE = ("active", "deleted")
_KEPT = (
    "experiments",
    "models",
    "versions",
    "highest",
    "runs",
    "logged",
    "files",
    "webhooks",
)


class SimulatedMlflow(MlflowRest):
    """Simulated server behind ``MlflowRest``.

    Attributes:
        name: Name of the backend.
        changed: Number of changes by verb and subject.
        files: Text of the MLmodel file of each source.
    """

    name = "mlflow"

    def __init__(self, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock
        self.changed: Counter[tuple[str, str]] = Counter()
        self.experiments: dict[str, Body] = {}
        self.models: dict[str, Body] = {}
        self.versions: dict[str, dict[int, Body]] = {}
        self.highest: dict[str, int] = {}
        self.runs: list[Body] = []
        self.logged: list[Body] = []
        self.files: dict[str, str] = {}

        self.webhooks: dict[str, Body] = {}

    def saved(self) -> bytes:
        """Return the state without the counts."""
        return pickle.dumps([getattr(self, name) for name in _KEPT])

    def load(self, saved: bytes) -> None:
        """Restore a saved state."""
        for name, value in zip(_KEPT, pickle.loads(saved), strict=True):  # noqa: S301
            setattr(self, name, value)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> Body:
        """Answer one request; raises the errors of the real client."""
        request = {**(params or {}), **(body or {})}
        handle = self._handler(method, path)
        searching = path.endswith("search")
        answer: Body = self._wire.call(
            self,
            f"{method} {path}",
            writes=method != "GET" and not searching,
            perform=lambda: pickle.loads(pickle.dumps(handle(request))),  # noqa: S301
            lists=searching,
        )
        return answer

    def text(self, path: str, params: Mapping[str, str | int]) -> str:
        """Answer one request for a file; raises the errors of the real client."""
        answer: str = self._wire.call(
            self,
            f"GET {path}",
            writes=False,
            perform=lambda: self._file({**params}),
            lists=False,
        )
        return answer

    def _file(self, request: Body) -> str:
        source = self._version(request)["source"]
        if request["path"] != "MLmodel" or source not in self.files:
            msg = f"No such artifact: '{request['path']}'"
            raise NotFoundError(msg)
        return self.files[source]

    def now_ms(self) -> int:
        """Return the server's time, which differs from the controller's."""
        return int(self._clock.now().timestamp() * 1000)

    def add_run(self, experiment: str, metric: str, value: float) -> str:
        """Add a finished training run that logged a model."""
        number = len(self.runs) + 1
        run_id = f"{number:032x}"
        id_ = next(e["experiment_id"] for e in self._named(experiment))
        info = {"run_id": run_id, "status": "FINISHED", "start_time": self.now_ms()}
        data = {"metrics": [{"key": metric, "value": value}]}
        self.runs.append({"info": {**info, "experiment_id": id_}, "data": data})
        logged = {
            "model_id": f"m-{number:032x}",
            "experiment_id": id_,
            "source_run_id": run_id,
            "status": "LOGGED_MODEL_READY",
            "creation_timestamp_ms": self.now_ms(),
        }
        self.logged.append({"info": logged})
        return run_id

    def _handler(self, method: str, path: str) -> Callable[[Body], Body]:
        root, _, id_ = path.partition("/")
        if root == "webhooks" and id_:
            write = {"PATCH": self._update_webhook, "DELETE": self._delete_webhook}
            return lambda request: write[method](id_, request)
        return self._handlers()[f"{method} {path}"]

    def _handlers(self) -> dict[str, Callable[[Body], Body]]:
        return {
            "POST experiments/search": lambda _: {
                "experiments": [*self.experiments.values()]
            },
            "POST experiments/create": self._create_experiment,
            "POST experiments/delete": lambda request: self._set_stage(request, *_GONE),
            "POST experiments/restore": lambda request: self._set_stage(
                request, *_GONE[::-1]
            ),
            "POST experiments/set-experiment-tag": self._tag_experiment,
            "POST experiments/delete-experiment-tag": self._untag_experiment,
            "GET registered-models/search": lambda _: {
                "registered_models": [self.models[name] for name in sorted(self.models)]
            },
            "POST registered-models/create": self._create_model,
            "PATCH registered-models/update": self._update_model,
            "DELETE registered-models/delete": self._delete_model,
            "POST registered-models/set-tag": self._tag_model,
            "DELETE registered-models/delete-tag": self._untag_model,
            "POST registered-models/alias": self._set_alias,
            "DELETE registered-models/alias": self._delete_alias,
            "GET model-versions/search": lambda _: {
                "model_versions": [*self._all_versions()]
            },
            "POST model-versions/create": self._create_version,
            "DELETE model-versions/delete": self._delete_version,
            "POST model-versions/set-tag": self._tag_version,
            "DELETE model-versions/delete-tag": self._untag_version,
            "GET webhooks": lambda _: {
                "webhooks": [_shown(w) for w in reversed(self.webhooks.values())]
            },
            "POST webhooks": self._create_webhook,
            "POST logged-models/search": self._logged_models,
            "POST runs/search": self._runs,
        }

    def _count(self, verb: str, subject: str) -> None:
        self.changed[verb, subject] += 1

    def _named(self, name: str) -> Iterator[Body]:
        return (e for e in self.experiments.values() if e["name"] == name)

    def _create_experiment(self, request: Body) -> Body:
        name = request["name"]
        if next(self._named(name), None):
            msg = f"Experiment '{name}' already exists."
            raise ConflictError(msg)
        id_ = str(len(self.experiments) + 1)
        self.experiments[id_] = {
            "experiment_id": id_,
            "name": name,
            "lifecycle_stage": "active",
            "artifact_location": request.get("artifact_location") or f"mlflow:/{id_}",
            "tags": [*request.get("tags", ())],
            "creation_time": self.now_ms(),
        }
        self._count("create", f"experiment {name}")
        return {"experiment_id": id_}

    def _experiment(self, request: Body) -> Body:
        found = self.experiments.get(request["experiment_id"])
        if found is None:
            msg = f"No Experiment with id={request['experiment_id']} exists"
            raise NotFoundError(msg)
        return found

    def _set_stage(self, request: Body, from_: str, to: str) -> Body:
        experiment = self._experiment(request)
        if experiment["lifecycle_stage"] != from_:
            msg = f"No {from_} experiment with id={request['experiment_id']} exists"
            raise NotFoundError(msg)
        experiment["lifecycle_stage"] = to
        self._count(f"turn {to}", f"experiment {experiment['name']}")
        return {}

    def _tag_experiment(self, request: Body) -> Body:
        experiment = self._experiment(request)
        if experiment["lifecycle_stage"] != "active":
            msg = "The experiment must be in the 'active' state."
            raise PermanentError(msg)
        self._tag(experiment, request, f"experiment {experiment['name']}")
        return {}

    def _untag_experiment(self, request: Body) -> Body:
        experiment, key = self._experiment(request), request["key"]
        if all(tag["key"] != key for tag in experiment["tags"]):
            msg = f"No tag with name: {key} in experiment"
            raise NotFoundError(msg)
        experiment["tags"] = [t for t in experiment["tags"] if t["key"] != key]
        self._count(f"untag {key}", f"experiment {experiment['name']}")
        return {}

    def _tag(self, thing: Body, request: Body, subject: str) -> None:
        tags = {tag["key"]: tag["value"] for tag in thing["tags"]}
        if tags.get(request["key"]) != request["value"]:
            self._count(f"tag {request['key']}", subject)
        tags[request["key"]] = request["value"]
        thing["tags"] = [{"key": k, "value": v} for k, v in tags.items()]

    def _create_model(self, request: Body) -> Body:
        name = request["name"]
        if name in self.models:
            msg = f"Registered Model (name={name}) already exists."
            raise ConflictError(msg)
        self.models[name] = {
            "name": name,
            "description": request.get("description", ""),
            "tags": [*request.get("tags", ())],
            "aliases": [],
            "creation_timestamp": self.now_ms(),
            "last_updated_timestamp": self.now_ms(),
        }
        self.versions[name] = {}
        self.highest[name] = 0
        self._count("create", f"model {name}")
        return {"registered_model": self.models[name]}

    def _model(self, request: Body) -> Body:
        model = self.models.get(request["name"])
        if model is None:
            msg = f"Registered Model with name={request['name']} not found"
            raise NotFoundError(msg)
        return model

    def _update_model(self, request: Body) -> Body:
        model = self._model(request)
        if model["description"] != request["description"]:
            self._count("describe", f"model {model['name']}")
        model["description"] = request["description"]
        return {"registered_model": model}

    def _delete_model(self, request: Body) -> Body:
        name = self._model(request)["name"]
        del self.models[name], self.versions[name], self.highest[name]
        self._count("delete", f"model {name}")
        return {}

    def _tag_model(self, request: Body) -> Body:
        self._tag(self._model(request), request, f"model {request['name']}")
        return {}

    def _untag_model(self, request: Body) -> Body:
        model = self._model(request)
        model["tags"] = [t for t in model["tags"] if t["key"] != request["key"]]
        return {}

    def _set_alias(self, request: Body) -> Body:
        model, alias = self._model(request), request["alias"]
        if _RESERVED.fullmatch(alias):
            msg = f"{alias} is reserved"
            raise PermanentError(msg)
        self._version(request)
        aliases = {a["alias"]: a["version"] for a in model["aliases"]}
        if aliases.get(alias) != request["version"]:
            self._count(
                f"point {alias} to {request['version']}", f"model {model['name']}"
            )
        aliases[alias] = request["version"]
        model["aliases"] = [{"alias": a, "version": v} for a, v in aliases.items()]
        return {}

    def _delete_alias(self, request: Body) -> Body:
        model = self._model(request)
        left = [a for a in model["aliases"] if a["alias"] != request["alias"]]
        model["aliases"] = left
        return {}

    def _all_versions(self) -> Iterator[Body]:
        for of in self.versions.values():
            yield from of.values()

    def _version(self, request: Body) -> Body:
        self._model(request)
        found = self.versions[request["name"]].get(int(request["version"]))
        if found is None:
            msg = f"Model Version (name={request['name']}, {request['version']}) not found"
            raise NotFoundError(msg)
        return found

    def _create_version(self, request: Body) -> Body:
        name = self._model(request)["name"]
        self.highest[name] += 1
        number = self.highest[name]
        self.versions[name][number] = {
            "name": name,
            "version": str(number),
            "source": request["source"],
            "run_id": request.get("run_id", ""),
            "status": "READY",
            "description": request.get("description", ""),
            "tags": [*request.get("tags", ())],
            "creation_timestamp": self.now_ms(),
        }
        self._count("create", f"version of {name} from {request['source']}")
        return {"model_version": self.versions[name][number]}

    def _delete_version(self, request: Body) -> Body:
        version = self._version(request)
        model = self._model(request)
        del self.versions[request["name"]][int(request["version"])]
        left = [a for a in model["aliases"] if a["version"] != version["version"]]
        model["aliases"] = left
        self._count("delete", f"version of {request['name']}")
        return {}

    def _tag_version(self, request: Body) -> Body:
        version = self._version(request)
        subject = f"version {version['version']} of {request['name']}"
        self._tag(version, request, subject)
        return {}

    def _untag_version(self, request: Body) -> Body:
        version = self._version(request)
        version["tags"] = [t for t in version["tags"] if t["key"] != request["key"]]
        return {}

    def _create_webhook(self, request: Body) -> Body:
        id_ = f"w-{len(self.webhooks) + 1}-{self.now_ms()}"
        made = {
            "webhook_id": id_,
            **_encrypted(request),
            "creation_timestamp": self.now_ms(),
        }
        self.webhooks[id_] = made
        self._count("create", f"webhook {request['name']}")
        return {"webhook": _shown(made)}

    def _webhook(self, id_: str) -> Body:
        if id_ not in self.webhooks:
            msg = f"Webhook with ID {id_} not found."
            raise NotFoundError(msg)
        return self.webhooks[id_]

    def _update_webhook(self, id_: str, request: Body) -> Body:
        webhook = self._webhook(id_)
        if any(webhook.get(k) != value for k, value in _encrypted(request).items()):
            self._count("update", f"webhook {webhook['name']}")
        webhook.update(_encrypted(request))
        return {"webhook": _shown(webhook)}

    def _delete_webhook(self, id_: str, _request: Body) -> Body:
        self._count("delete webhook", f"webhook {self._webhook(id_)['name']}")
        del self.webhooks[id_]
        return {}

    def _logged_models(self, request: Body) -> Body:
        ids = set(request["experiment_ids"])
        found = [m for m in self.logged if m["info"]["experiment_id"] in ids]
        return {"models": found}

    def _runs(self, request: Body) -> Body:
        ids = set(request["experiment_ids"])
        return {"runs": [r for r in self.runs if r["info"]["experiment_id"] in ids]}


def encrypted(secret: str) -> str:
    """Return what MLflow's database contains of a secret."""
    return sha256(secret.encode()).hexdigest()


def _encrypted(request: Body) -> Body:
    return request | {"secret": encrypted(request["secret"])}


def _shown(webhook: Body) -> Body:
    """Return a webhook as MLflow returns it: without its secret."""
    return {key: value for key, value in webhook.items() if key != "secret"}
