"""The edit in AWS that the local platform prints works as printed."""

import re
import subprocess
from pathlib import Path

import boto3

from controller.cli.views.live import suggestions
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer

ROOT = Path(__file__).parents[3]
NAME = "hokusai-api-local"


def test_it_needs_nothing_from_the_environment():
    with EmulatorServer(runtime=ScriptedRuntime()) as server:
        environment = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "HOKUSAI_DNS_SERVER": "127.0.0.1:53",
        }
        ecs = boto3.client(
            "ecs",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        ecs.create_cluster(clusterName="hokusai-local")
        definition = {"name": NAME, "image": "api:1", "memory": 128}
        ecs.register_task_definition(family=NAME, containerDefinitions=[definition])
        ecs.create_service(
            cluster="hokusai-local",
            serviceName=NAME,
            taskDefinition=NAME,
            desiredCount=1,
        )
        printed = suggestions(environment, ())
        # The environment of `make run` has no AWS CLI.
        assert "bin/aws" not in printed
        (command,) = re.findall(
            r"^  (AWS_.*?150}\)')$", printed, re.MULTILINE | re.DOTALL
        )

        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        found = ecs.describe_services(cluster="hokusai-local", services=[NAME])

    assert ran.returncode == 0, ran.stderr
    (service,) = found["services"]
    assert service["deploymentConfiguration"]["maximumPercent"] == 150
