"""Services with what stands around them, on an emulated AWS; time moves when told."""

from contextlib import contextmanager
from datetime import timedelta

from controller.core.values.identity import OWNER_TAG
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.service.driver import ServiceDriver
from tests.builders.emulated_service import World
from tests.builders.reconcile_loop import PLATFORM

OURS = {OWNER_TAG: PLATFORM.owner}


class Routed(World):
    """The same, with load balancers to make and to look at."""

    @classmethod
    @contextmanager
    def emulated(cls):
        """Yield one on an AWS of its own, in which all targets are healthy."""
        runtime = ScriptedRuntime()
        with EmulatorServer(
            runtime=runtime, clock=SteppedClock(), probe=lambda *_: True
        ) as server:
            yield cls(server, runtime)

    def __init__(self, server, runtime):
        self.clock = SteppedClock()
        super().__init__(server, runtime)

    def driver(self):
        return ServiceDriver(self.aws, PLATFORM, self.clock)

    def run(self, *resources, passes=8, seconds=30, limits=None):
        for _ in range(passes):
            self.machine.run(*resources, limits=limits)
            self.server.advance(timedelta(seconds=seconds))
            self.clock.advance(timedelta(seconds=seconds))
        return self.machine.run(*resources, limits=limits)

    def balancer(self, name="hokusai-local", tags=OURS, ports=(80,)):
        """Make a load balancer with HTTP listeners, as a person would."""
        subnets = self.aws.call("ec2", "DescribeSubnets")["Subnets"][:2]
        arn = self.aws.call(
            "elbv2",
            "CreateLoadBalancer",
            Name=name,
            Subnets=[subnet["SubnetId"] for subnet in subnets],
            **({"Tags": pairs(tags)} if tags else {}),
        )["LoadBalancers"][0]["LoadBalancerArn"]
        for port in ports:
            self.aws.call(
                "elbv2",
                "CreateListener",
                LoadBalancerArn=arn,
                Protocol="HTTP",
                Port=port,
                DefaultActions=[
                    {
                        "Type": "fixed-response",
                        "FixedResponseConfig": {"StatusCode": "404"},
                    }
                ],
            )
        return arn

    def rules(self):
        """Return the rules there are: port, priority, patterns, and what is tagged."""
        found = []
        for balancer in self.aws.call("elbv2", "DescribeLoadBalancers")[
            "LoadBalancers"
        ]:
            arn = balancer["LoadBalancerArn"]
            listeners = self.aws.call(
                "elbv2", "DescribeListeners", LoadBalancerArn=arn
            )["Listeners"]
            for listener in listeners:
                rules = self.aws.call(
                    "elbv2", "DescribeRules", ListenerArn=listener["ListenerArn"]
                )["Rules"]
                found += [
                    (
                        listener["Port"],
                        *(
                            c.get("HostHeaderConfig", c.get("PathPatternConfig"))[
                                "Values"
                            ][0]
                            for c in rule["Conditions"]
                        ),
                    )
                    for rule in rules
                    if not rule["IsDefault"]
                ]
        return sorted(found)

    def groups(self):
        answer = self.aws.call("elbv2", "DescribeTargetGroups")
        return [group["TargetGroupName"] for group in answer["TargetGroups"]]

    def healthy(self):
        (group,) = self.aws.call("elbv2", "DescribeTargetGroups")["TargetGroups"]
        told = self.aws.call(
            "elbv2", "DescribeTargetHealth", TargetGroupArn=group["TargetGroupArn"]
        )
        return [
            target["TargetHealth"]["State"]
            for target in told["TargetHealthDescriptions"]
        ]


def pairs(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]
