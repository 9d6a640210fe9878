import pytest

from controller.emulation.ecs import EcsError
from tests.builders.simulated_ecs import (
    NETWORK,
    Ecs,
    refused,
    with_services,
)


def test_a_missing_cluster_is_an_error():
    code = refused(Ecs(), "ListServices", cluster="nope")

    assert code == "ClusterNotFoundException"


def test_a_missing_service_is_a_failure_in_describe_and_an_error_in_update():
    ecs = with_services(1)

    answer = ecs.call("DescribeServices", {"cluster": "c", "services": ["x", "web-0"]})

    assert [s["serviceName"] for s in answer["services"]] == ["web-0"]
    assert answer["failures"][0]["reason"] == "MISSING"
    code = refused(ecs, "UpdateService", cluster="c", service="x")
    assert code == "ServiceNotFoundException"


def test_an_arn_of_another_cluster_finds_nothing():
    ecs = with_services(1)
    arn = "arn:aws:ecs:us-east-1:123456789012:service/other/web-0"

    answer = ecs.call("DescribeServices", {"cluster": "c", "services": [arn]})

    assert answer["services"] == []


@pytest.mark.parametrize("count", [0, 11])
def test_ten_services_can_be_described_at_once(count):
    services = [f"web-{number}" for number in range(count)]

    code = refused(with_services(1), "DescribeServices", cluster="c", services=services)

    assert code == "InvalidParameterException"


def test_services_are_listed_ten_a_page():
    ecs = with_services(12)

    first = ecs.call("ListServices", {"cluster": "c"})
    token = first["nextToken"]
    second = ecs.call("ListServices", {"cluster": "c", "nextToken": token})

    assert (len(first["serviceArns"]), len(second["serviceArns"])) == (10, 2)
    assert "nextToken" not in second
    assert not set(first["serviceArns"]) & set(second["serviceArns"])


def test_a_full_last_page_has_no_token():
    answer = with_services(10).call("ListServices", {"cluster": "c"})

    assert "nextToken" not in answer


def test_a_page_can_be_up_to_a_hundred():
    ecs = with_services(12)

    answer = ecs.call("ListServices", {"cluster": "c", "maxResults": 100})

    assert len(answer["serviceArns"]) == 12
    code = refused(ecs, "ListServices", cluster="c", maxResults=101)
    assert code == "InvalidParameterException"


def test_a_repeated_creation_returns_the_same_service():
    ecs = Ecs()
    ecs.register()

    first = ecs.create(clientToken="t")
    again = ecs.create(clientToken="t")

    assert again["deployments"][0]["id"] == first["deployments"][0]["id"]


@pytest.mark.parametrize(
    "repeat",
    [
        pytest.param({}, id="without a token"),
        pytest.param({"clientToken": "other"}, id="another token"),
        pytest.param({"clientToken": "t", "desired": 2}, id="other parameters"),
    ],
)
def test_another_request_for_an_existing_service_is_refused(repeat):
    ecs = Ecs()
    ecs.register()
    ecs.create(clientToken="t")

    with pytest.raises(EcsError, match="Creation of service was not idempotent"):
        ecs.create(**repeat)


def test_a_service_created_again_after_a_deletion_needs_another_token():
    ecs = Ecs()
    ecs.register()
    ecs.create(clientToken="t")
    ecs.call("DeleteService", {"cluster": "c", "service": "web", "force": True})
    ecs.advance(3)

    with pytest.raises(EcsError, match="Creation of service was not idempotent"):
        ecs.create(clientToken="t")

    assert ecs.create(clientToken="u")["status"] == "ACTIVE"


def test_a_token_is_for_one_service_only():
    ecs = Ecs()
    ecs.register()
    ecs.create("one", clientToken="t")

    with pytest.raises(EcsError, match="not idempotent"):
        ecs.create("two", clientToken="t")


def test_run_task_with_a_token_runs_once():
    ecs = Ecs()
    ecs.register()
    body = {
        "cluster": "c",
        "taskDefinition": "web",
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "clientToken": "t",
    }

    first, again = ecs.call("RunTask", body), ecs.call("RunTask", body)

    assert first == again
    assert refused(ecs, "RunTask", **body, count=2) == "ConflictException"
    with pytest.raises(EcsError, match="clientToken is already in use"):
        ecs.call("RunTask", {**body, "count": 2})


def test_tasks_are_filtered_by_service_family_starter_and_status():
    ecs = Ecs()
    ecs.register()
    ecs.register("job:1", family="job")
    ecs.create()
    body = {
        "cluster": "c",
        "taskDefinition": "job",
        "networkConfiguration": NETWORK,
        "startedBy": "me",
    }
    ecs.call("RunTask", body)
    ecs.advance(3)

    assert [t["group"] for t in ecs.tasks(serviceName="web")] == ["service:web"]
    assert [t["group"] for t in ecs.tasks(family="job")] == ["family:job"]
    assert [t["startedBy"] for t in ecs.tasks(startedBy="me")] == ["me"]
    assert ecs.tasks("STOPPED") == []
    code = refused(ecs, "ListTasks", cluster="c", serviceName="nope")
    assert code == "ServiceNotFoundException"


def test_a_deleted_cluster_is_inactive_and_its_name_free():
    ecs = Ecs()

    deleted = ecs.call("DeleteCluster", {"cluster": "c"})["cluster"]
    created = ecs.call("CreateCluster", {"clusterName": "c"})["cluster"]

    assert (deleted["status"], created["status"]) == ("INACTIVE", "ACTIVE")


def test_every_resource_can_be_tagged_and_untagged():
    ecs = with_services(1)
    ecs.advance(1)
    service = ecs.service("web-0")
    for arn in (
        service["serviceArn"],
        service["clusterArn"],
        service["taskDefinition"],
    ):
        tags = [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]

        ecs.call("TagResource", {"resourceArn": arn, "tags": tags})
        ecs.call("UntagResource", {"resourceArn": arn, "tagKeys": ["a"]})

        left = ecs.call("ListTagsForResource", {"resourceArn": arn})["tags"]
        assert left == [{"key": "b", "value": "2"}]


def test_tags_of_a_service_are_returned_only_on_request():
    ecs = Ecs()
    ecs.register()
    ecs.create(tags=[{"key": "a", "value": "1"}])
    body = {"cluster": "c", "services": ["web"]}

    without = ecs.call("DescribeServices", body)["services"][0]
    with_tags = ecs.call("DescribeServices", body | {"include": ["TAGS"]})["services"][
        0
    ]

    assert "tags" not in without
    assert with_tags["tags"] == [{"key": "a", "value": "1"}]


def test_answers_are_copies():
    ecs = with_services(1)

    definition = ecs.call("DescribeTaskDefinition", {"taskDefinition": "web"})
    definition["taskDefinition"]["containerDefinitions"].clear()

    again = ecs.call("DescribeTaskDefinition", {"taskDefinition": "web"})
    assert len(again["taskDefinition"]["containerDefinitions"]) == 1


def test_equal_inputs_give_equal_worlds():
    def story():
        ecs = with_services(2)
        ecs.update("web-1", desiredCount=3)
        ecs.advance(10)
        return [ecs.service("web-0"), ecs.service("web-1"), ecs.tasks()]

    assert story() == story()


def test_service_deployments_are_filtered_by_their_creation():
    ecs = with_services(1)
    ecs.advance(10)
    between = ecs.clock.now().timestamp()
    ecs.advance(10)
    ecs.update("web-0", forceNewDeployment=True)

    def created(**span):
        body = {"cluster": "c", "service": "web-0", "createdAt": span}
        found = ecs.call("ListServiceDeployments", body)["serviceDeployments"]
        return [rollout["createdAt"] < between for rollout in found]

    assert created(after=between) == [False]
    assert created(before=between) == [True]
    assert len(created()) == 2


def test_a_deleted_service_is_removed_after_an_hour():
    ecs = with_services(1)
    ecs.call("DeleteService", {"cluster": "c", "service": "web-0"})
    ecs.advance(2)

    ecs.advance(3700, step=100)

    answer = ecs.call("DescribeServices", {"cluster": "c", "services": ["web-0"]})
    assert answer["failures"][0]["reason"] == "MISSING"


def test_a_service_of_another_controller_is_stored_without_tasks():
    ecs = Ecs()
    ecs.register()
    ecs.create(deploymentController={"type": "CODE_DEPLOY"})

    ecs.advance(5)

    service = ecs.service()
    assert (service["status"], service["deployments"]) == ("ACTIVE", [])
    assert ecs.tasks() == []


def test_a_cluster_stores_its_updates():
    ecs = Ecs()
    settings = [{"name": "containerInsights", "value": "enabled"}]
    ecs.call("UpdateClusterSettings", {"cluster": "c", "settings": settings})
    ecs.call(
        "UpdateCluster", {"cluster": "c", "serviceConnectDefaults": {"namespace": "n"}}
    )

    body = {"clusters": ["c", "no"], "include": ["SETTINGS", "TAGS"]}
    answer = ecs.call("DescribeClusters", body)

    assert answer["clusters"][0]["settings"] == settings
    assert answer["clusters"][0]["serviceConnectDefaults"] == {"namespace": "n"}
    assert answer["failures"] == [{"arn": "no", "reason": "MISSING"}]


def test_a_service_is_found_by_its_service_connect_namespace():
    ecs = Ecs()
    ecs.register()
    ecs.create(serviceConnectConfiguration={"enabled": True, "namespace": "n"})

    found = ecs.call("ListServicesByNamespace", {"namespace": "n"})

    assert len(found["serviceArns"]) == 1
    assert ecs.call("ListServicesByNamespace", {"namespace": "m"})["serviceArns"] == []


def test_a_missing_arn_is_a_failure_in_the_response():
    ecs = Ecs()

    rollouts = ecs.call("DescribeServiceDeployments", {"serviceDeploymentArns": ["a"]})
    revisions = ecs.call("DescribeServiceRevisions", {"serviceRevisionArns": ["b"]})

    assert rollouts["failures"] == [{"arn": "a", "reason": "MISSING"}]
    assert revisions["failures"] == [{"arn": "b", "reason": "MISSING"}]
    code = refused(ecs, "StopServiceDeployment", serviceDeploymentArn="a")
    assert code == "ServiceDeploymentNotFoundException"
