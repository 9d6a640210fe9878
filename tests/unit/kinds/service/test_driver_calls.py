"""Calls per pass for many services, as documented in the call budget."""

import pytest

from controller.clients.aws import CountingAws
from controller.core.resources.observation import Present
from controller.kinds.service import KIND
from controller.kinds.service.driver import ServiceDriver
from tests.builders.declared_cluster import (
    PLATFORM,
    DeclaredCluster,
    declared_services,
)
from tests.fakes.stopped_clock import StoppedClock


class Looking:
    """A driver on a cluster, and what its looks cost."""

    def __init__(self, count, rollout="COMPLETED", *, thorough=True):
        self.resources = declared_services(count)
        self.cluster = DeclaredCluster(self.resources, rollout)
        self.aws = CountingAws(self.cluster)
        self.clock = StoppedClock()
        self.driver = ServiceDriver(self.aws, PLATFORM, self.clock, thorough=thorough)

    def look(self, service="ecs"):
        """Look once and return the calls to one service of AWS that it took."""
        before = dict(self.aws.counts)
        seen = self.driver.observe(self.resources)
        assert all(isinstance(s, Present) for s in seen.values())
        after = self.aws.counts
        spent = {name: count - before.get(name, 0) for name, count in after.items()}
        return {
            name.removeprefix(f"{service}:"): times
            for name, times in spent.items()
            if times and name.startswith(f"{service}:")
        }


@pytest.mark.parametrize(
    ("services", "calls"), [(1, 1), (3, 1), (10, 1), (11, 2), (100, 10), (500, 50)]
)
def test_configuration_takes_one_call_for_ten_services(services, calls):
    looking = Looking(services)
    looking.look()

    assert looking.look() == {"DescribeServices": calls}


def test_a_revision_is_read_once_and_kept_for_ever():
    looking = Looking(25, thorough=False)

    first = looking.look()
    looking.clock.forward(100_000)
    second = looking.look()

    assert first["DescribeTaskDefinition"] == 25
    assert "DescribeTaskDefinition" not in second


def test_tasks_are_read_by_the_hundred_and_once_a_minute():
    looking = Looking(250)
    looking.look()

    looking.clock.forward(59)
    too_soon = looking.look()
    looking.clock.forward(1)
    due = looking.look()

    assert too_soon == {"DescribeServices": 25}
    assert (due["ListTasks"], due["DescribeTasks"]) == (3, 3)


def test_stopped_tasks_are_read_each_minute_for_a_while_after_one_was_replaced():
    looking = Looking(250)
    looking.look()
    replaced = "(service s1) has started 1 tasks: (task abc)."
    event = {"createdAt": looking.clock.now(), "message": replaced}

    looking.cluster.events = (event,)
    at_once, again = looking.look(), looking.look()
    looking.clock.forward(60)
    a_minute_later = looking.look()
    looking.clock.forward(14 * 60)
    at_last = looking.look()

    # The running tasks, too: the replacement may not be healthy yet.
    assert (at_once["ListTasks"], at_once["DescribeTasks"]) == (6, 6)
    assert again == {"DescribeServices": 25}
    assert (a_minute_later["ListTasks"], a_minute_later["DescribeTasks"]) == (6, 6)
    assert (at_last["ListTasks"], at_last["DescribeTasks"]) == (3, 3)


def test_rollouts_under_way_are_read_by_the_twenty():
    looking = Looking(50, rollout="IN_PROGRESS", thorough=False)
    looking.look()

    assert looking.look() == {"DescribeServices": 5, "DescribeServiceDeployments": 3}


def test_a_command_that_only_shows_a_difference_looks_at_no_tasks():
    looking = Looking(3, thorough=False)

    assert looking.look() == {
        "DescribeServices": 1,
        "DescribeTaskDefinition": 3,
        "ListServices": 1,
    }


def test_undeclared_services_are_read_once_a_minute():
    looking = Looking(250, thorough=False)
    looking.look()

    looking.clock.forward(60)

    assert looking.look() == {"DescribeServices": 25, "ListServices": 3}


def test_log_groups_are_read_by_their_common_beginning_and_once_a_minute():
    looking = Looking(100)

    first, second = looking.look("logs"), looking.look("logs")
    looking.clock.forward(60)

    assert (first, second) == ({"DescribeLogGroups": 1}, {})
    assert looking.look("logs") == {"DescribeLogGroups": 1}


def test_without_routes_load_balancers_are_not_read():
    assert Looking(3).look("elbv2") == {}


def test_the_call_budget_is_the_one_that_these_tests_assert():
    assert KIND.call_budget == (
        "configuration: ceil(n / 10) DescribeServices per cluster, once "
        "DescribeTaskDefinition per revision and GetService per name; rollouts in progress: "
        "ceil(r / 20) DescribeServiceDeployments; tasks, each minute and during changes: "
        "ceil(t / 100) ListTasks and DescribeTasks per cluster, one "
        "DescribeTargetHealth per target group, one ListInstances per name; stopped "
        "tasks, at once while one is missing and each minute after ECS replaced one: "
        "ceil(s / 100) ListTasks and DescribeTasks per cluster; undeclared services, "
        "each minute: ceil(all / 100) ListServices, ceil(u / 10) DescribeServices per "
        "cluster; each minute: ceil(g / 50) DescribeLogGroups; with routes: "
        "ceil(g / 20) DescribeTargetGroups, ceil(b / 20) DescribeLoadBalancers, "
        "DescribeListeners per load balancer, DescribeRules per "
        "listener, ceil(k / 20) DescribeTags; with routes or prune, every ten minutes: "
        "DescribeTargetGroups; with scaling or desired_count: ceil(d / 50) "
        "DescribeScalableTargets; images in ECR and secrets, each minute: DescribeImages "
        "per repository, each hour DescribeRepositories per repository, ceil(n / 20) "
        "DescribeServiceRevisions until digests are known, "
        "ListSecretVersionIds per secret, and DescribeSecret after its versions changed, "
        "ceil(p / 50) DescribeParameters; with task.tags, each minute: "
        "DescribeTaskDefinition per service"
    )
