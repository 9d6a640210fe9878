"""An AWS with one service to come, and a controller that may die."""

from datetime import timedelta

from controller.clients.aws import BotoAws, CountingAws, Credentials
from controller.clients.clock import SystemClock
from controller.emulation.runtimes.scripted import Script
from controller.kinds.service.driver import ServiceDriver
from tests.builders.reconcile_loop import PLATFORM, Machine, declared

CRASHES = Script(
    exits_after=timedelta(seconds=1), exit_code=3, says=("no such table: users",)
)


class World:
    """An emulated AWS with a cluster and a namespace, and a controller of it."""

    def __init__(self, server, runtime):
        self.server = server
        self.runtime = runtime
        boto = BotoAws(
            "us-east-1",
            endpoint_url=server.url,
            credentials=Credentials("test", "test"),
            light=True,
        )
        self.aws = CountingAws(boto)
        self.aws.call("ecs", "CreateCluster", clusterName=PLATFORM.cluster)
        self.aws.call(
            "servicediscovery",
            "CreatePrivateDnsNamespace",
            Name=PLATFORM.namespace,
            Vpc="vpc-1",
        )
        subnets = self.aws.call("ec2", "DescribeSubnets")["Subnets"]
        self.network = {"subnets": [subnets[0]["SubnetId"]]}
        self.restart()

    def restart(self):
        """Forget everything, as a controller that was killed does."""
        self.machine = Machine({"service": self.driver()})

    def driver(self):
        return ServiceDriver(self.aws, PLATFORM, SystemClock())

    def api(self, image="api:1", **more):
        meta = {k: more.pop(k) for k in ("adopt", "mode") if k in more}
        fields = {
            "image": image,
            "port": 8001,
            "discovery": "api",
            "network": self.network,
            **more,
        }
        return declared(
            "service", "api", fields, generation=f"v1:{fields}"[:40], **meta
        )

    def run(self, *resources, passes=8, seconds=30, limits=None):
        """Do passes with time between them, and return the last result."""
        for _ in range(passes):
            self.machine.run(*resources, limits=limits)
            self.server.advance(timedelta(seconds=seconds))
        return self.machine.run(*resources, limits=limits)

    def service_of(self, name):
        return declared("service", name, {"image": "api:1", "network": self.network})

    def service(self, key="api"):
        answer = self.aws.call(
            "ecs",
            "DescribeServices",
            cluster=PLATFORM.cluster,
            services=[f"hokusai-{key}-local"],
        )
        return answer["services"][0]

    def tags(self):
        arn = self.service()["serviceArn"]
        answer = self.aws.call("ecs", "ListTagsForResource", resourceArn=arn)
        return {tag["key"]: tag["value"] for tag in answer["tags"]}

    def revisions(self):
        answer = self.aws.call(
            "ecs", "ListTaskDefinitions", familyPrefix="hokusai-api-local"
        )
        return answer["taskDefinitionArns"]
