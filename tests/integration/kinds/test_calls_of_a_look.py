"""The documented call budget equals the calls of a pass with all features in use.

Routes, names, autoscaling, images in ECR and secrets of both stores, on the emulated AWS.
"""

from collections import Counter
from datetime import timedelta
from math import ceil

import pytest

from tests.builders.emulated_images import IMAGE, Pushed
from tests.builders.reconcile_loop import declared

PARAMETERS = 5


class Everything(Pushed):
    """A world in which services use all there is to look at."""

    def __init__(self, server, runtime):
        super().__init__(server, runtime)
        self.push("1")
        self.balancer()
        create = {"Name": "team/app", "SecretString": '{"a": "x"}'}
        self.aws.call("secretsmanager", "CreateSecret", **create)
        for number in range(PARAMETERS):
            value = {"Name": f"/team/{number}", "Value": "x", "Type": "SecureString"}
            self.aws.call("ssm", "PutParameter", **value)

    def services(self, count):
        return [self._one(number) for number in range(count)]

    def _one(self, number):
        key = f"s{number:03}"
        fields = {
            "image": IMAGE,
            "port": 8001,
            "network": self.network,
            "discovery": key,
            "routes": [{"host": f"{key}.hokus.ai", "path": "/*", "listeners": [80]}],
            "scaling": {"minimum": 1, "maximum": 2},
            "secrets": {
                "A": {"secretsmanager": "team/app:a"},
                "B": {"ssm": f"/team/{number % PARAMETERS}"},
            },
        }
        return declared("service", key, fields, generation=f"v1:{key}")

    def look(self, resources, after=0):
        """Do one pass after some seconds; return what was asked, and how often."""
        self.server.advance(timedelta(seconds=after))
        self.clock.advance(timedelta(seconds=after))
        before = Counter(self.aws.counts)
        result = self.machine.run(*resources)
        assert not result.left.actions
        assert not result.left.blocked
        return Counter(self.aws.counts) - before


@pytest.fixture
def world():
    with Everything.emulated() as found:
        yield found


def each_time(count):
    return {
        "ecs:DescribeServices": ceil(count / 10),
        "application-autoscaling:DescribeScalableTargets": ceil(count / 50),
    }


def each_minute(count):
    return each_time(count) | {
        "ecs:ListTasks": ceil(count / 100),
        "ecs:DescribeTasks": ceil(count / 100),
        "elbv2:DescribeTargetHealth": count,
        "servicediscovery:ListInstances": count,
        "ecs:ListServices": ceil(count / 100),
        "logs:DescribeLogGroups": 1,
        "elbv2:DescribeTargetGroups": ceil(count / 20),
        "elbv2:DescribeLoadBalancers": 1,
        "elbv2:DescribeListeners": 1,
        "elbv2:DescribeRules": 1,
        "elbv2:DescribeTags": ceil((2 * count + 1) / 20),
        "ecr:DescribeImages": 1,
        "secretsmanager:ListSecretVersionIds": 1,
        "ssm:DescribeParameters": 1,
    }


def once(count):
    return {
        "ecs:DescribeTaskDefinition": count,
        "servicediscovery:GetService": count,
        "ecr:DescribeRepositories": 1,
        "ecs:DescribeServiceRevisions": ceil(count / 20),
    }


@pytest.mark.parametrize("count", [1, 3, 21])
def test_a_look_costs_what_status_tells(world, count):
    resources = world.services(count)
    world.run(*resources, passes=10)
    world.look(resources, after=61)

    at_once = world.look(resources)
    a_minute_later = world.look(resources, after=61)
    world.restart()
    anew = world.look(resources)
    # Who is registered is asked a minute after the start; what is left over, at once.
    anew["servicediscovery:ListInstances"] += count
    anew["elbv2:DescribeTargetGroups"] -= 1

    assert at_once == each_time(count)
    assert a_minute_later == each_minute(count)
    assert anew == each_minute(count) | once(count)
