"""Every simulated operation through boto3, validated with botocore's model."""

import httpx
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from controller.emulation.ecs.operations import OPERATIONS, is_read
from tests.builders.emulated_aws import MODEL, client, control

CONTAINER = {
    "name": "app",
    "image": "web:1",
    "portMappings": [{"containerPort": 8001, "name": "http"}],
    "environment": [{"name": "A", "value": "1"}],
    "secrets": [],
    "healthCheck": {"command": ["CMD", "true"], "interval": 5},
    "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
}
DEFINITION = {
    "family": "web",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": "arn:aws:iam::123456789012:role/exec",
    "containerDefinitions": [CONTAINER],
    "tags": [{"key": "a", "value": "1"}],
}


@pytest.fixture
def ecs(stepped):
    ecs = client(stepped, "ecs")
    ecs.create_cluster(clusterName="c", tags=[{"key": "a", "value": "1"}])
    ecs.register_task_definition(**DEFINITION)
    return ecs


@pytest.fixture
def network(stepped):
    ec2 = client(stepped, "ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    return {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}


def create(ecs, network, **fields):
    service = {
        "cluster": "c",
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": 1,
        "launchType": "FARGATE",
        "networkConfiguration": network,
        **fields,
    }
    return ecs.create_service(**service)["service"]


def test_only_operations_of_aws_are_simulated():
    assert OPERATIONS.keys() <= MODEL.operations()


def test_a_service_is_created_and_deleted(stepped, ecs, network):
    create(ecs, network, tags=[{"key": "a", "value": "1"}])
    control(stepped, "POST", "clock", {"advance": 30})

    described = ecs.describe_services(
        cluster="c", services=["web", "no"], include=["TAGS"]
    )
    tasks = ecs.list_tasks(cluster="c", serviceName="web")["taskArns"]
    running = ecs.describe_tasks(cluster="c", tasks=tasks, include=["TAGS"])["tasks"]
    ecs.delete_service(cluster="c", service="web", force=True)
    control(stepped, "POST", "clock", {"advance": 30})
    (gone,) = ecs.describe_services(cluster="c", services=["web"])["services"]

    assert described["services"][0]["runningCount"] == 1
    assert described["failures"][0]["reason"] == "MISSING"
    assert [t["healthStatus"] for t in running] == ["HEALTHY"]
    assert gone["status"] == "INACTIVE"


@pytest.fixture
def called(ecs):
    """Return the set of operations that were called; each answer was checked."""
    names = set()
    ecs.meta.events.register(
        "before-call.ecs", lambda model, **_: names.add(model.name)
    )
    return names


def operations(*, reading):
    return {name for name in OPERATIONS if is_read(name) is reading}


def test_every_read_answers_in_the_shape_of_the_model(stepped, ecs, network, called):
    create(ecs, network)
    control(stepped, "POST", "clock", {"advance": 30})
    ecs.update_service(cluster="c", service="web", forceNewDeployment=True)
    control(stepped, "POST", "clock", {"advance": 2})
    (service,) = ecs.describe_services(cluster="c", services=["web"])["services"]
    revisions = [r["arn"] for r in service["currentServiceRevisions"]]
    rollouts = [service["currentServiceDeployment"]]
    tasks = ecs.list_tasks(cluster="c")["taskArns"]

    ecs.list_clusters()
    ecs.describe_clusters(clusters=["c"], include=["TAGS", "SETTINGS"])
    ecs.list_services(cluster="c", launchType="FARGATE")
    ecs.list_services_by_namespace(namespace="n")
    ecs.list_task_definitions(familyPrefix="web", sort="DESC")
    ecs.list_task_definition_families(status="ACTIVE")
    ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])
    ecs.describe_tasks(cluster="c", tasks=tasks, include=["TAGS"])
    ecs.list_service_deployments(cluster="c", service="web", status=["IN_PROGRESS"])
    ecs.describe_service_deployments(serviceDeploymentArns=rollouts)
    ecs.describe_service_revisions(serviceRevisionArns=revisions)
    ecs.list_tags_for_resource(resourceArn=service["serviceArn"])

    assert called >= operations(reading=True)


def test_every_write_answers_in_the_shape_of_the_model(stepped, ecs, network, called):
    ecs.create_cluster(clusterName="d")
    settings = [{"name": "containerInsights", "value": "enabled"}]
    ecs.update_cluster(cluster="d", settings=settings)
    ecs.update_cluster_settings(cluster="d", settings=settings)
    ecs.put_cluster_capacity_providers(
        cluster="d", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
    )
    ecs.delete_cluster(cluster="d")
    arn = create(ecs, network)["serviceArn"]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    ecs.untag_resource(resourceArn=arn, tagKeys=["b"])
    updated = ecs.update_service(cluster="c", service="web", forceNewDeployment=True)
    ecs.stop_service_deployment(
        serviceDeploymentArn=updated["service"]["currentServiceDeployment"]
    )
    job = {"cluster": "c", "taskDefinition": "web", "networkConfiguration": network}
    task = ecs.run_task(**job)["tasks"][0]["taskArn"]
    ecs.stop_task(cluster="c", task=task, reason="enough")
    ecs.delete_service(cluster="c", service="web", force=True)
    ecs.register_task_definition(**DEFINITION)
    ecs.deregister_task_definition(taskDefinition="web:2")
    ecs.delete_task_definitions(taskDefinitions=["web:2"])

    assert called >= operations(reading=False)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "serviceName is required"),
        (b'{"serviceName": "a", "launchType": "FARGAT"}', "launchType must be one of"),
        (
            b'{"serviceName": "a", "desiredCount": "abc"}',
            "desiredCount must be of type",
        ),
        (b'{"serviceName": "a", "colour": 1}', "colour is not known"),
        (b'{"serviceName": "a", "tags": [{"ky": ""}]}', r"tags[0].ky is not known"),
    ],
    ids=["required", "choice", "type", "unknown", "nested"],
)
def test_requests_are_validated_with_the_model(stepped, body, reason):
    status, answer = post(stepped, "CreateService", body)

    assert status == 400
    assert "InvalidParameterException" in answer
    assert reason in answer


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("CreateService", b"not json", "SerializationException"),
        ("CreateService", b"[]", "ClientException"),
        ("Dance", b"{}", "UnknownOperationException"),
        ("CreateCapacityProvider", b'{"name": "a"}', "UnknownOperationException"),
    ],
)
def test_an_invalid_request_is_refused_in_the_shape_of_aws(
    stepped, operation, body, code
):
    status, answer = post(stepped, operation, body)

    assert status == 400
    assert code in answer


def post(server, operation, body):
    target = f"AmazonEC2ContainerServiceV20141113.{operation}"
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    answer = httpx.post(server.url, content=body, headers=headers)
    return answer.status_code, answer.text


def test_errors_have_the_codes_of_aws(ecs):
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_services(cluster="nope")
    with pytest.raises(ecs.exceptions.ServiceNotFoundException):
        ecs.update_service(cluster="c", service="nope")


def test_faults_of_calls_are_set_over_http(stepped, ecs, network):
    fault = {"call": "ListClusters", "fault": "throttle", "times": 1}
    control(stepped, "POST", "faults", fault)

    with pytest.raises(ClientError, match="ThrottlingException"):
        ecs.list_clusters()

    assert ecs.list_clusters()["clusterArns"]


def test_a_lost_reply_closes_the_connection_after_the_effect(stepped, ecs, network):
    fault = {"call": "RegisterTaskDefinition", "fault": "lost-reply"}
    control(stepped, "POST", "faults", fault)

    with pytest.raises(ConnectionClosedError):
        ecs.register_task_definition(**DEFINITION)

    assert len(ecs.list_task_definitions()["taskDefinitionArns"]) == 2


def test_faults_of_images_are_set_and_ended_over_http(stepped, ecs, network):
    control(stepped, "POST", "faults", {"image": "web:*", "fault": "pull-error"})
    create(ecs, network)
    control(stepped, "POST", "clock", {"advance": 3})
    stopped = ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"]
    control(stepped, "DELETE", "faults")
    control(stepped, "POST", "clock", {"advance": 40})

    (service,) = ecs.describe_services(cluster="c", services=["web"])["services"]

    assert stopped
    assert service["runningCount"] == 1


def test_throttling_and_read_lag_are_set_over_http(stepped, ecs, network):
    control(stepped, "POST", "settings", {"throttling": True, "read_lag": 5})
    for _ in range(100):
        ecs.describe_services(cluster="c", services=["web"])

    with pytest.raises(ClientError, match="ThrottlingException"):
        ecs.describe_services(cluster="c", services=["web"])
    create(ecs, network)
    control(stepped, "POST", "clock", {"advance": 1})
    lagging = ecs.describe_services(cluster="c", services=["web"])

    assert lagging["failures"]


def test_an_invalid_control_request_is_explained(stepped):
    fault = {"image": "x", "fault": "explode"}

    answer = httpx.post(f"{stepped.url}/_emulator/faults", json=fault)

    assert answer.status_code == 400
    assert "explode" in answer.json()["error"]


def test_state_shows_services_and_tasks(stepped, ecs, network):
    create(ecs, network)
    control(stepped, "POST", "clock", {"advance": 20})

    cluster = control(stepped, "GET", "state")["clusters"]["c"]

    assert cluster["services"] == {"web": {"status": "ACTIVE", "desired": 1}}
    assert [t["status"] for t in cluster["tasks"]] == ["RUNNING"]
