"""The servers of the local platform: AWS, DNS and a webhook receiver.

All listen on loopback; what AWS would have been told beforehand, a cluster, a
namespace, secrets, is there from the start.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from controller.clients.aws import BotoAws, Credentials
from controller.core.dependencies import Aws
from controller.core.errors import RefusedError
from controller.core.status.aws_events import event_pattern
from controller.emulation.cloud_map import (
    cloud_map_lookup,
    cloud_map_ttl,
    cloud_map_zones,
)
from controller.emulation.dns import DnsServer
from controller.emulation.load_balancer_front import Front
from controller.emulation.network import make_network
from controller.emulation.receiver import WebhookReceiver
from controller.emulation.runtimes.images import ImageCommand
from controller.emulation.runtimes.processes import ProcessRuntime
from controller.emulation.server import EmulatorServer
from controller.emulation.surroundings import make_bucket, make_image, make_role

_SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Needs:
    """What the platform must offer for a document to come true on it.

    Attributes:
        cluster: The ECS cluster.
        namespace: The private DNS namespace.
        images: What each image is on this machine.
        secrets: Names in Secrets Manager, with the JSON keys asked of each.
        parameters: Paths in the SSM parameter store.
        subnets: Ids of the subnets that tasks are placed in.
        security_groups: Ids of the groups that tasks belong to.
        roles: Names of the roles of tasks.
        repositories: Repository and tag of the images in ECR.
        buckets: Names of the buckets that tasks work with.
        receiver_port: Where webhooks are delivered to.
        owner: Value of the tag on what the controller may change.
        balancers: Load balancers by name, with the ports they listen on.
        hosts: Names that the certificate is for.
    """

    cluster: str
    namespace: str
    images: Mapping[str, ImageCommand]
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    subnets: frozenset[str] = frozenset()
    security_groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    repositories: frozenset[tuple[str, str]] = frozenset()
    buckets: frozenset[str] = frozenset()
    receiver_port: int = 0
    owner: str = ""
    balancers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()


class LocalPlatform:
    """Starts and stops the servers; a context manager.

    Attributes:
        server: AWS.
        dns: The name server of the namespace.
        receiver: Takes the webhooks.
        front: The load balancers.
        webhook_secret: What they are signed with.
    """

    def __init__(self, needs: Needs, state: Path, webhook_secret: str) -> None:
        self._needs = needs
        self._queue = ""
        self._closing = ExitStack()
        self.webhook_secret = webhook_secret
        state.mkdir(parents=True, exist_ok=True)
        self.runtime = ProcessRuntime({}, state)
        self.server = EmulatorServer(runtime=self.runtime)
        place, lock = self.server.place, self.server.lock
        self.dns = DnsServer(
            cloud_map_lookup(place, lock),
            cloud_map_zones(place, lock),
            ttl=cloud_map_ttl(place, lock),
        )
        self.receiver = self._receiver(state, webhook_secret)
        self.front = Front(self.server, state)

    def _receiver(self, state: Path, secret: str) -> WebhookReceiver:
        """Return the receiver, listening on the port that webhooks are sent to."""
        port = self._needs.receiver_port
        try:
            return WebhookReceiver(secret, state=state / "deliveries.jsonl", port=port)
        except OSError as error:
            self.runtime.close()
            msg = (
                f"the webhook receiver cannot listen on 127.0.0.1:{port}: "
                f"{error.strerror}; stop the other local platform, or give webhooks "
                "another port in specs/environments/local.yaml"
            )
            raise RefusedError(msg) from error

    def __enter__(self) -> Self:
        self._closing.callback(self.runtime.close)
        for part in (self.server, self.dns, self.receiver):
            part.start()
            self._closing.callback(part.stop)
        self._seed()
        needs = self._needs
        self.front.start(self._aws(), needs.balancers, needs.hosts, needs.owner)
        self._closing.callback(self.front.stop)
        self.run_images(self._needs.images)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def run_images(self, images: Mapping[str, ImageCommand]) -> None:
        """Say what each image is from now on. Every task finds the servers."""
        self.runtime.images = {
            name: ImageCommand(
                image.command,
                {**self.environment(), **image.environment},
                image.entry_point,
            )
            for name, image in images.items()
        }

    def environment(self) -> dict[str, str]:
        """Return the variables by which others find the servers."""
        host, port = self.dns.address
        return {
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_REGION": self.server.place.region,
            "AWS_DEFAULT_REGION": self.server.place.region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            "HOKUSAI_EVENTS_QUEUE": self._queue,
            "HOKUSAI_DNS_SERVER": f"{host}:{port}",
            "ENVIRONMENT": "local",
        }

    def _seed(self) -> None:
        """Make what a platform team makes once, before any controller."""
        needs = self._needs
        with self.server.lock:
            ec2 = self.server.place.backend("ec2")
            make_network(ec2, needs.subnets, needs.security_groups)
        aws = self._aws()
        aws.call("ecs", "CreateCluster", clusterName=needs.cluster)
        aws.call(
            "servicediscovery",
            "CreatePrivateDnsNamespace",
            Name=needs.namespace,
            Vpc="vpc-local",
        )
        make_surroundings(aws, needs, self.server.place.region)
        self._queue = make_queue(aws, needs.cluster)
        for name, keys in sorted(needs.secrets.items()):
            value = json.dumps({key: _random() for key in sorted(keys)})
            text = value if keys else _random()
            aws.call("secretsmanager", "CreateSecret", Name=name, SecretString=text)
        for path in sorted(needs.parameters):
            aws.call(
                "ssm", "PutParameter", Name=path, Value=_random(), Type="SecureString"
            )

    def _aws(self) -> BotoAws:
        return BotoAws(
            self.server.place.region,
            endpoint_url=self.server.url,
            credentials=Credentials("local", "local"),
            light=True,
        )


def make_queue(aws: Aws, name: str) -> str:
    """Lead ECS's events into a queue, and return its URL."""
    url = str(aws.call("sqs", "CreateQueue", QueueName=name)["QueueUrl"])
    asked = ["QueueArn"]
    answer = aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=asked)
    arn = answer["Attributes"]["QueueArn"]
    aws.call("events", "PutRule", Name=name, EventPattern=event_pattern())
    target = {"Id": name, "Arn": arn}
    aws.call("events", "PutTargets", Rule=name, Targets=[target])
    return url


def make_surroundings(aws: Aws, needs: Needs, region: str) -> None:
    """Make the roles, images and buckets that tasks rest on."""
    for name in sorted(needs.roles):
        make_role(aws, name)
    for repository, tag in sorted(needs.repositories):
        make_image(aws, repository, tag)
    for name in sorted(needs.buckets):
        make_bucket(aws, name, region)


def _random() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)
