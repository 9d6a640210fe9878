"""Explanations of comparisons: equal by a rule, different, or not compared."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from controller.core.document.platform import Platform
from controller.core.document.resource import Ignored, Resource, ResourceId
from controller.core.planning.explain import explanations_of
from controller.core.resources.explanation import Comparison
from controller.core.values.plain_data import copied
from controller.kinds.service import KIND
from controller.kinds.service.normalize import canonical
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIN = "task.containers.hokusai-api-development"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


def spec(**fields) -> ServiceSpec:
    declared = {"image": "hokusai/api:1", "port": 8001, **fields}
    return KIND.complete("api", ServiceSpec.model_validate(declared), PLATFORM)


def state(of: ServiceSpec, container=None, **live) -> ServiceState:
    described = copied(render(of))
    described["containerDefinitions"][0] |= container or {}
    return ServiceState(
        "arn",
        "ACTIVE",
        canonical(described),
        "td:1",
        {**settings(of), **live},
        described={**described, "revision": 3},
    )


def told(of: ServiceSpec, seen: ServiceState, path: str):
    resource = Resource(ResourceId("service", "api"), of, "1")
    return {e.path: e for e in explanations_of(KIND, resource, seen, path, NOW)}


def test_a_rule_that_made_two_values_equal_is_named():
    port = {"containerPort": 8001, "hostPort": 8001, "protocol": "tcp"}
    seen = state(spec(), {"portMappings": [port]})

    found = told(spec(), seen, f"{MAIN}.portMappings")

    host = found[f"{MAIN}.portMappings.8001/tcp.hostPort"]
    assert (host.declared, host.live) == (None, 8001)
    assert host.comparison is Comparison.EQUAL_BY_RULE
    assert host.reasons[0].startswith("R20: ")


def test_another_spelling_of_a_secret_is_explained_by_its_rule():
    of = spec(secrets={"KEY": {"secretsmanager": "app"}})
    full = [{"name": "KEY", "valueFrom": f"{SECRET}app-AbC123"}]

    found = told(of, state(of, {"secrets": full}), f"{MAIN}.secrets")

    key = found[f"{MAIN}.secrets.KEY"]
    assert key.comparison is Comparison.EQUAL_BY_RULE
    assert key.reasons[-1].startswith("R36: ")


def test_what_only_ecs_settles_is_not_compared():
    found = told(spec(), state(spec(), runningCount=3), "service.runningCount")

    (count,) = found.values()
    assert count.comparison is Comparison.NOT_COMPARED
    assert count.reasons[0].startswith("R40: ")


def test_a_tag_that_is_not_declared_is_not_compared():
    seen = state(spec(), enableExecuteCommand=True)

    (one,) = told(spec(), seen, "service.enableExecuteCommand").values()

    assert (one.declared, one.live) == (None, True)
    assert one.comparison is Comparison.NOT_COMPARED
    assert one.reasons[0].startswith("R4: ")


def test_a_difference_is_one_and_its_secrets_are_masked():
    seen = state(
        spec(environment={"A": "1"}),
        {"environment": [{"name": "API_TOKEN", "value": "hunter2-hunter2"}]},
    )

    found = told(spec(environment={"A": "1"}), seen, f"{MAIN}.environment")

    assert {e.comparison for e in found.values()} == {Comparison.DIFFERS}
    assert found[f"{MAIN}.environment.API_TOKEN"].live == "***"


def test_a_field_that_a_person_had_left_alone_says_so():
    ignored = Ignored(path="task.cpu", reason="tuned by hand", until=None)
    resource = Resource(ResourceId("service", "api"), spec(), "1", ignore=(ignored,))

    (one,) = explanations_of(
        KIND, resource, state(spec(cpu=512, memory=1024)), "task.cpu", NOW
    )

    assert one.comparison is Comparison.IGNORED
    assert one.reasons == ("tuned by hand",)


def test_differing_is_told_of_exactly_what_compare_finds():
    of = spec(environment={"A": "1"}, desired_count=2, discovery="api")
    seen = replace(state(spec(environment={"B": "1"}, cpu=512, memory=1024)), desired=1)

    found = told(of, seen, "")

    differing = {p for p, e in found.items() if e.comparison is Comparison.DIFFERS}
    assert differing == {change.path for change in KIND.compare(of, seen)}


@pytest.mark.parametrize("path", [f"{MAIN}.image", "task.containerDefinitions"])
def test_a_path_begins_what_is_told(path):
    found = told(spec(), state(spec()), path)

    start = path.replace("containerDefinitions", "containers")
    assert found
    assert all(one.startswith(start) for one in found)


def test_explaining_changes_nothing():
    seen = state(spec(environment={"A": "1"}))
    before = canonical(seen.described)

    told(spec(environment={"A": "1"}), seen, "")

    assert canonical(seen.described) == before
