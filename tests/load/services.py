"""Many services in ECS that are as declared, on a platform in another process."""

import json
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from controller.clients.aws import BotoAws, Credentials
from controller.clients.clock import SystemClock
from controller.core.resources.plan import Action, Reason, Verb
from controller.kinds import discover
from controller.kinds.service.driver import ServiceDriver
from controller.spec.document import Document, load

HEADER = """\
apiVersion: hokusai.ai/v1
platform:
  name: fleet{count}
  environment: development
  account: "123456789012"
  region: us-east-1
  reconcile: {{interval: 1h}}
  network: {{subnets: [subnet-0a1b2c3d4e5f60001]}}
  roles: {{execution: "arn:aws:iam::123456789012:role/fleet-execution"}}
services:
"""
_THREADS = 4


def write(folder: Path, count: int) -> Path:
    """Write a document of ``count`` services."""
    folder.mkdir()
    lines = [HEADER.format(count=count)]
    lines += [
        f"  worker-{n:03}: {{image: team/worker:1, environment: {{NUMBER: '{n}'}}}}\n"
        for n in range(count)
    ]
    file = folder / "hokusai.yaml"
    file.write_text("".join(lines))
    return file


def read(file: Path) -> Document:
    """Return the document in ``file``."""
    return load(str(file), environment=None, environ={}, kinds=discover())


def make_true(file: Path, variables: Mapping[str, str]) -> None:
    """Create every declared service; at no rate but the platform's own."""
    document = read(file)
    aws = BotoAws(
        document.platform.region,
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        credentials=Credentials("local", "local"),
        light=True,
    )
    aws.call("ecs", "CreateCluster", clusterName=document.platform.cluster)
    driver = ServiceDriver(aws, document.platform, SystemClock())

    def create(resource: Any) -> None:
        driver.apply(
            Action(
                resource.id,
                Verb.CREATE,
                Reason.MISSING,
                desired=resource.spec,
                generation=resource.generation,
            )
        )

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(create, document.resources.values()))
    aws.close()


class Emulator:
    """The platform's own door, for what no AWS has."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._url = f"{variables['AWS_ENDPOINT_URL']}/_emulator"

    def calls(self) -> dict[str, int]:
        """Return how often each operation of ECS was asked for so far."""
        found: dict[str, int] = self._ask("state")["calls"]
        return found

    def tell(self, what: str, body: Mapping[str, Any]) -> None:
        """Set faults or settings."""
        self._ask(what, json.dumps(body).encode())

    def struck(self, times: int) -> float:
        """Return the share of calls that was hit by a fault set ``times`` times."""
        (rule,) = self._ask("faults")["calls"]
        share: float = (times - rule["times"]) / rule["seen"]
        return share

    def _ask(self, what: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(f"{self._url}/{what}", body, timeout=10) as answer:
            return json.load(answer)


def spent(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    """Return how many calls there were in between."""
    return sum(after.values()) - sum(before.values())
