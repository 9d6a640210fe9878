"""One full observation of MLflow in a process of its own, by us or by MLflow's client.

    python -m tests.load.observations ours|peer URL

Prints the requests, the CPU seconds of the observation without imports, the memory in
bytes beyond that of a bare interpreter, and the number of versions found.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

_KIB = 1024


def main(subject: str, url: str) -> None:
    """Observe once and print the figures."""
    start = _peak()
    observe = _ours(url) if subject == "ours" else _peer(url)
    began = time.process_time()
    requests, versions = observe()
    seconds = time.process_time() - began
    figures = {
        "requests": requests,
        "cpu": seconds,
        "memory": _peak() - start,
        "versions": versions,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


def _ours(url: str) -> Callable[[], tuple[int, int]]:
    from controller.bootstrap.mlflow import connect
    from controller.clients.clock import SystemClock
    from controller.kinds.experiment.driver import ExperimentDriver
    from controller.kinds.model.driver import ModelDriver
    from controller.resolver.names import FixedNames
    from controller.settings import Settings

    clients = connect(url, Settings(), FixedNames(("127.0.0.1",)))
    sent: list[object] = []
    clients.http.event_hooks = {"request": [sent.append]}
    api, reader, owner = clients.api, clients.reader, "crowd/development"
    drivers = (
        ExperimentDriver(api, reader, owner),
        ModelDriver(api, reader, owner, lambda key: key, clock=SystemClock()),
    )

    def observe() -> tuple[int, int]:
        for driver in drivers:
            driver.observe({})
        return len(sent), len(reader.versions())

    return observe


def _peer(url: str) -> Callable[[], tuple[int, int]]:
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient(tracking_uri=url, registry_uri=url)

    def observe() -> tuple[int, int]:
        models = client.search_registered_models(max_results=1_000)
        experiments = client.search_experiments(
            view_type=ViewType.ALL, max_results=50_000
        )
        versions = client.search_model_versions(max_results=10_000)
        for page in (models, experiments, versions):
            assert not page.token
        return 3, len(versions)

    return observe


def _peak() -> int:
    """Return the largest resident memory of this program; not that of its parent."""
    found = re.search(
        r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE
    )
    assert found is not None
    return int(found[1]) * _KIB


if __name__ == "__main__":
    main(*sys.argv[1:])
