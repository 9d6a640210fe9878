"""Servers of the local platform: AWS, DNS, load balancers and a webhook receiver.

All listen on loopback. Objects that a platform team creates on AWS, such as cluster,
namespace and secrets, exist from the start.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Self

from controller.clients.aws import BotoAws, Credentials
from controller.core.dependencies import Aws
from controller.core.errors import RefusedError
from controller.core.status.aws_events import event_pattern
from controller.emulation.dns import DnsServer
from controller.emulation.load_balancer.front import LoadBalancerFront
from controller.emulation.moto.cloud_map import (
    cloud_map_lookup,
    cloud_map_ttl,
    cloud_map_zones,
)
from controller.emulation.moto.network import create_network
from controller.emulation.prerequisites import create_bucket, create_image, create_role
from controller.emulation.receiver import WebhookReceiver
from controller.emulation.runtimes.images import ImageCommand
from controller.emulation.runtimes.processes import ProcessRuntime
from controller.emulation.server import EmulatorServer


@dataclass(frozen=True, slots=True)
class Requirements:
    """Objects that a document needs on the platform.

    Attributes:
        cluster: Name of the ECS cluster.
        namespace: Name of the private DNS namespace.
        images: Command that replaces each image on this machine.
        secrets: JSON keys of each secret, by name in Secrets Manager.
        parameters: Paths in the SSM parameter store.
        subnets: Ids of the subnets of tasks.
        security_groups: Ids of the security groups of tasks.
        roles: Names of the roles of tasks.
        repositories: Repository and tag of the images in ECR.
        buckets: Names of the buckets of tasks.
        queues: Names of the queues that webhook targets send to.
        buses: Names of the event buses that webhook targets send to.
        receiver_port: Port of the webhook receiver.
        owner: Value of the ownership tag of managed resources.
        balancers: Listener ports by name of the load balancer.
        hosts: Host names of the certificate.
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
    queues: frozenset[str] = frozenset()
    buses: frozenset[str] = frozenset()
    receiver_port: int = 0
    owner: str = ""
    balancers: Mapping[str, frozenset[int]] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()


class LocalPlatform:
    """All servers of the local platform; a context manager.

    Attributes:
        server: Emulated AWS.
        dns: Name server of the namespace.
        receiver: Webhook receiver.
        front: Load balancers.
        webhook_secret: Secret that signs webhooks; all other secrets follow from it.
    """

    def __init__(
        self, requirements: Requirements, state: Path, webhook_secret: str
    ) -> None:
        self._requirements = requirements
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
        self.front = LoadBalancerFront(self.server, state)

    def _receiver(self, state: Path, secret: str) -> WebhookReceiver:
        """Return the receiver, bound to the port of the webhooks."""
        port = self._requirements.receiver_port
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
        requirements = self._requirements
        self.front.start(
            self._aws(), requirements.balancers, requirements.hosts, requirements.owner
        )
        self._closing.callback(self.front.stop)
        self.run_images(self._requirements.images)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def run_images(self, images: Mapping[str, ImageCommand]) -> None:
        """Replace the commands of all images; tasks also get ``environment()``."""
        self.runtime.images = {
            name: ImageCommand(
                image.command,
                {**self.environment(), **image.environment},
                image.entry_point,
            )
            for name, image in images.items()
        }

    def environment(self) -> dict[str, str]:
        """Return the environment variables with the addresses of the servers."""
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
        """Create the objects that a platform team creates before any controller."""
        requirements = self._requirements
        with self.server.lock:
            ec2 = self.server.place.backend("ec2")
            create_network(ec2, requirements.subnets, requirements.security_groups)
        aws = self._aws()
        aws.call("ecs", "CreateCluster", clusterName=requirements.cluster)
        aws.call(
            "servicediscovery",
            "CreatePrivateDnsNamespace",
            Name=requirements.namespace,
            Vpc="vpc-local",
        )
        create_prerequisites(aws, requirements, self.server.place.region)
        self._queue = create_queue(aws, requirements.cluster)
        for name, keys in sorted(requirements.secrets.items()):
            values = {key: self.secret(f"{name}:{key}") for key in sorted(keys)}
            text = json.dumps(values) if keys else self.secret(name)
            aws.call("secretsmanager", "CreateSecret", Name=name, SecretString=text)
        for path in sorted(requirements.parameters):
            value = self.secret(path)
            aws.call("ssm", "PutParameter", Name=path, Value=value, Type="SecureString")

    def secret(self, name: str) -> str:
        """Return a secret of this platform: one of ``NAME`` or ``NAME:JSON-KEY``.

        It is the same after a restart, and is a Fernet key: data that MLflow encrypts
        with it would not be readable otherwise.
        """
        key = digest(self.webhook_secret.encode(), name.encode(), sha256)
        return urlsafe_b64encode(key).decode()

    def _aws(self) -> BotoAws:
        return BotoAws(
            self.server.place.region,
            endpoint_url=self.server.url,
            credentials=Credentials("local", "local"),
            light=True,
        )


def create_queue(aws: Aws, name: str) -> str:
    """Create a queue that receives ECS events, and return its URL."""
    url = str(aws.call("sqs", "CreateQueue", QueueName=name)["QueueUrl"])
    names = ["QueueArn"]
    answer = aws.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names)
    arn = answer["Attributes"]["QueueArn"]
    aws.call("events", "PutRule", Name=name, EventPattern=event_pattern())
    target = {"Id": name, "Arn": arn}
    aws.call("events", "PutTargets", Rule=name, Targets=[target])
    return url


def create_prerequisites(aws: Aws, requirements: Requirements, region: str) -> None:
    """Create what tasks and webhook targets need."""
    for name in sorted(requirements.roles):
        create_role(aws, name)
    for repository, tag in sorted(requirements.repositories):
        create_image(aws, repository, tag)
    for name in sorted(requirements.buckets):
        create_bucket(aws, name, region)
    for name in sorted(requirements.queues):
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        aws.call("sqs", "CreateQueue", QueueName=name, Attributes=fifo)
    for name in sorted(requirements.buses - {"default"}):
        aws.call("events", "CreateEventBus", Name=name)
