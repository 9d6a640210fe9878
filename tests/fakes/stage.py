"""A platform in a separate process: AWS, DNS and MLflow for one document.

    python -m tests.fakes.stage FOLDER DOCUMENT ENVIRONMENT

Writes the environment variables to ``FOLDER/environment.json``, and ends with its
standard input. Containers are simulated, because the controller is measured.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from controller.clients.aws import BotoAws, Credentials
from controller.emulation.dns import DnsServer
from controller.emulation.ecs.timing import Timing
from controller.emulation.mlflow import MlflowServer
from controller.emulation.moto.network import create_network
from controller.emulation.platform import create_prerequisites
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds import discover
from controller.local.requirements import requirements_of
from controller.spec.document import Document, load

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "environment.json"
_WITHIN = 90


def main(folder: Path, file: str, environment: str) -> None:
    """Serve until standard input ends."""
    document = load(file, environment=environment, environ={}, kinds=discover())
    with ExitStack() as closing:
        runtime = ScriptedRuntime()
        server = EmulatorServer(runtime=runtime, timing=Timing.instant())
        closing.enter_context(server)
        address = _own_address()
        mlflow = MlflowServer(folder / "mlflow", host=address, port=5000)
        closing.enter_context(mlflow)
        names = {f"mlflow.{document.platform.namespace}": (address,)}
        zones = (document.platform.namespace, "hokus.ai")
        dns = closing.enter_context(DnsServer(names.get, zones))
        _seed(server, document)
        variables = _variables(server, dns, mlflow.url, environment)
        unfinished = folder / "environment.tmp"
        unfinished.write_text(json.dumps(variables))
        unfinished.replace(folder / ENVIRONMENT)
        sys.stdin.read()


def _variables(
    server: EmulatorServer, dns: DnsServer, mlflow: str, environment: str
) -> dict[str, str]:
    host, port = dns.address
    return {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOKUSAI_DNS_SERVER": f"{host}:{port}",
        "ENVIRONMENT": environment,
        "MLFLOW_TRACKING_URI": mlflow,
        "WEBHOOK_SECRET": "made up for this platform",
    }


def _seed(server: EmulatorServer, document: Document) -> None:
    """Create the objects that a platform team creates before any controller."""
    platform, needs = (
        document.platform,
        requirements_of(_without_webhooks(document), ROOT),
    )
    with server.lock:
        ec2 = server.place.backend("ec2")
        create_network(ec2, needs.subnets, needs.security_groups)
    credentials = Credentials("local", "local")
    aws = BotoAws(
        platform.region, endpoint_url=server.url, credentials=credentials, light=True
    )
    aws.call("ecs", "CreateCluster", clusterName=platform.cluster)
    made: dict[str, Any] = {"Name": platform.namespace, "Vpc": "vpc-1"}
    aws.call("servicediscovery", "CreatePrivateDnsNamespace", **made)
    create_prerequisites(aws, needs, platform.region)
    for name, keys in needs.secrets.items():
        text = json.dumps(dict.fromkeys(keys, "made up")) if keys else "made up"
        aws.call("secretsmanager", "CreateSecret", Name=name, SecretString=text)
    for path in needs.parameters:
        secret = {"Value": "made up", "Type": "SecureString"}
        aws.call("ssm", "PutParameter", Name=path, **secret)


def _without_webhooks(document: Document) -> Document:
    """Return the document without webhook targets, which are on other machines."""
    resources = document.resources.items()
    kept = {id_: r for id_, r in resources if id_.kind != "webhook"}
    return replace(document, resources=kept)


def _own_address() -> str:
    """Return a loopback address unique to this process."""
    number = os.getpid()
    return f"127.71.{number >> 8 & 0xFF}.{max(number & 0xFF, 1)}"


@contextmanager
def stage(
    folder: Path, file: Path, environment: str, *, inside: tuple[str, ...] = ()
) -> Iterator[Mapping[str, str]]:
    """Run a platform and yield the environment variables of its servers.

    Args:
        folder: Folder of its data and its log.
        file: Path of the document.
        environment: Name of the document's environment.
        inside: Prefix of the command, as to enter a namespace.
    """
    command = (*inside, sys.executable, "-m", "tests.fakes.stage")
    environ = {**os.environ, "MLFLOW_SERVER_ALLOWED_HOSTS": "*"}
    with (folder / "stage.log").open("ab") as log:
        process = subprocess.Popen(
            (*command, str(folder), str(file), environment),
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
    try:
        yield _awaited(folder, process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


def _awaited(folder: Path, process: "subprocess.Popen[bytes]") -> dict[str, str]:
    file, pause = folder / ENVIRONMENT, threading.Event()
    for _ in range(_WITHIN * 10):
        if file.exists() or process.poll() is not None:
            break
        pause.wait(0.1)
    assert file.exists(), (folder / "stage.log").read_text()[-4000:]
    variables: dict[str, str] = json.loads(file.read_text())
    return variables


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
