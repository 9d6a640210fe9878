"""Effects of ECS on other services: secrets, logs, Cloud Map, targets, events."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from controller.emulation.clocks import SteppedClock
from controller.emulation.moto.cloud_map import cloud_map_lookup
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.emulated_aws import client, control, with_listener


@pytest.fixture
def aws(stepped):
    clients = {}

    def service(name):
        if name not in clients:
            clients[name] = client(stepped, name)
        return clients[name]

    service("ecs").create_cluster(clusterName="c")
    return service


def register(aws, **container):
    app = {
        "name": "app",
        "image": "web:1",
        "portMappings": [{"containerPort": 80}],
        **container,
    }
    aws("ecs").register_task_definition(
        family="web",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[app],
    )


def network(aws, subnet=0):
    subnets = aws("ec2").describe_subnets()["Subnets"]
    return {"awsvpcConfiguration": {"subnets": [subnets[subnet]["SubnetId"]]}}


def create(aws, **fields):
    service = {
        "cluster": "c",
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": 1,
        "launchType": "FARGATE",
        "networkConfiguration": network(aws),
        **fields,
    }
    aws("ecs").create_service(**service)


def stopped_reason(aws):
    ecs = aws("ecs")
    arns = ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"]
    return ecs.describe_tasks(cluster="c", tasks=arns)["tasks"][0]["stoppedReason"]


def advance(stepped, seconds=5):
    control(stepped, "POST", "clock", {"advance": seconds})


def test_secrets_and_parameters_reach_the_container(stepped, aws):
    secret = aws("secretsmanager").create_secret(
        Name="app/dev", SecretString=json.dumps({"password": "sesame"})
    )["ARN"]
    aws("ssm").put_parameter(Name="/app/url", Value="http://x", Type="SecureString")
    register(
        aws,
        secrets=[
            {"name": "PASSWORD", "valueFrom": f"{secret}:password::"},
            {"name": "WHOLE", "valueFrom": secret},
            {"name": "URL", "valueFrom": "/app/url"},
        ],
    )
    create(aws)

    advance(stepped)

    runtime = stepped.simulator._context.runtime._runtime
    (container,) = runtime.launches[0].containers
    assert container.environment == {
        "PASSWORD": "sesame",
        "WHOLE": '{"password": "sesame"}',
        "URL": "http://x",
    }


@pytest.mark.parametrize(
    ("reference", "store"),
    [
        ("arn:aws:secretsmanager:us-east-1:123456789012:secret:nope-AbCdEf", "asm"),
        ("/no/such/parameter", "ssm"),
    ],
)
def test_a_missing_secret_is_named(stepped, aws, reference, store):
    register(aws, secrets=[{"name": "X", "valueFrom": reference}])
    create(aws)

    advance(stepped)

    reason = stopped_reason(aws)
    assert reason.startswith("ResourceInitializationError: ")
    assert reference in reason
    assert f"from {store}" in reason


NOWHERE = {"awsvpcConfiguration": {"subnets": ["subnet-no"]}}
BEHIND_NOTHING = {
    "targetGroupArn": "no",
    "containerName": "app",
    "containerPort": 80,
}
LOG = {"awslogs-group": "/ecs/web", "awslogs-region": "us-east-1"}


def test_a_log_group_is_created_only_if_the_definition_allows_it(stepped, aws):
    register(aws, logConfiguration={"logDriver": "awslogs", "options": LOG})
    create(aws)
    advance(stepped)
    reason = stopped_reason(aws)
    create_group = LOG | {"awslogs-create-group": "true", "awslogs-stream-prefix": "p"}
    register(aws, logConfiguration={"logDriver": "awslogs", "options": create_group})
    aws("ecs").update_service(cluster="c", service="web", taskDefinition="web")

    advance(stepped, 30)

    assert "The specified log group does not exist" in reason
    streams = aws("logs").describe_log_streams(logGroupName="/ecs/web")["logStreams"]
    assert streams[0]["logStreamName"].startswith("p/app/")


def test_a_log_region_that_does_not_exist_stops_only_its_own_task(stepped, aws):
    options = LOG | {"awslogs-region": "eu-nowhere-1", "awslogs-stream-prefix": "e"}
    register(aws, logConfiguration={"logDriver": "awslogs", "options": options})
    create(aws)
    advance(stepped)
    reason = stopped_reason(aws)
    register(aws)

    create(aws, serviceName="plain")
    advance(stepped)

    answer = aws("ecs").describe_services(cluster="c", services=["plain"])
    assert "CannotStartContainerError" in reason
    assert "failed to initialize logging driver" in reason
    assert "logs.eu-nowhere-1.amazonaws.com" in reason
    assert answer["services"][0]["runningCount"] == 1


def test_an_image_of_a_region_that_does_not_exist_has_no_digest(stepped, aws):
    image = "123456789012.dkr.ecr.eu-nowhere-1.amazonaws.com/web:1"
    register(aws, image=image)

    create(aws)
    advance(stepped)

    service = aws("ecs").describe_services(cluster="c", services=["web"])["services"][0]
    assert service["runningCount"] == 1


def test_cloud_map_has_the_addresses_of_running_tasks(stepped, aws):
    discovery = aws("servicediscovery")
    discovery.create_private_dns_namespace(Name="t.local", Vpc="vpc-1")
    (namespace,) = discovery.list_namespaces()["Namespaces"]
    records = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
    registry = discovery.create_service(
        Name="web", NamespaceId=namespace["Id"], DnsConfig=records
    )["Service"]
    register(aws)
    create(aws, serviceRegistries=[{"registryArn": registry["Arn"]}], desiredCount=2)
    lookup = cloud_map_lookup(stepped.place, stepped.lock)

    advance(stepped)
    both = lookup("web.t.local")
    aws("ecs").update_service(cluster="c", service="web", desiredCount=1)
    advance(stepped)

    assert len(set(both)) == 2
    assert len(lookup("web.t.local")) == 1
    assert lookup("nope.t.local") is None


def test_state_changes_reach_a_queue_through_event_bridge(stepped, aws):
    queue = aws("sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:q"
    events = aws("events")
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.ecs"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": arn}])
    register(aws)
    create(aws)

    advance(stepped)

    kinds = set()
    while (
        messages := aws("sqs")
        .receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        .get("Messages")
    ):
        kinds |= {json.loads(m["Body"])["detail-type"] for m in messages}
        for message in messages:
            aws("sqs").delete_message(
                QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"]
            )
    assert kinds == {
        "ECS Task State Change",
        "ECS Deployment State Change",
        "ECS Service Action",
    }


def test_a_task_is_placed_in_the_zone_of_its_subnet(stepped, aws):
    subnet = aws("ec2").describe_subnets()["Subnets"][2]
    register(aws)
    create(aws, networkConfiguration=network(aws, subnet=2))

    advance(stepped)

    arns = aws("ecs").list_tasks(cluster="c")["taskArns"]
    (task,) = aws("ecs").describe_tasks(cluster="c", tasks=arns)["tasks"]
    assert task["availabilityZone"] == subnet["AvailabilityZone"]


def test_other_services_answer_at_the_same_endpoint(aws):
    account = aws("sts").get_caller_identity()["Account"]

    assert account == "123456789012"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"networkConfiguration": NOWHERE}, "subnet-no"),
        ({"loadBalancers": [BEHIND_NOTHING]}, "target group does not exist"),
        (
            {"serviceRegistries": [{"registryArn": "a/srv-no"}]},
            "registry does not exist",
        ),
    ],
    ids=["subnet", "target-group", "registry"],
)
def test_a_missing_object_of_a_service_is_refused(aws, fields, reason):
    register(aws)

    with pytest.raises(ClientError, match=reason):
        create(aws, **fields)


def test_a_target_group_without_a_listener_is_refused(aws):
    register(aws)
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    group = aws("elbv2").create_target_group(
        Name="t", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
    )
    arn = group["TargetGroups"][0]["TargetGroupArn"]

    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        create(aws, loadBalancers=[BEHIND_NOTHING | {"targetGroupArn": arn}])


def test_targets_are_probed_when_the_clock_is_stepped():
    answering = True
    server = EmulatorServer(
        runtime=ScriptedRuntime(), clock=SteppedClock(), probe=lambda *_: answering
    )
    with server:
        clients = {name: client(server, name) for name in ("ecs", "ec2", "elbv2")}
        clients["ecs"].create_cluster(clusterName="c")
        vpc = clients["ec2"].describe_vpcs()["Vpcs"][0]["VpcId"]
        group = clients["elbv2"].create_target_group(
            Name="t", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
        )
        arn = with_listener(server, group["TargetGroups"][0]["TargetGroupArn"])
        register(clients.__getitem__)
        create(
            clients.__getitem__,
            loadBalancers=[BEHIND_NOTHING | {"targetGroupArn": arn}],
        )

        server.advance(timedelta(seconds=10))
        before = healths(clients["elbv2"], arn)
        answering = False
        server.advance(timedelta(seconds=200))
        stopped = stopped_reason(clients.__getitem__)

    assert before == ["healthy"]
    assert stopped == f"Task failed ELB health checks in (target-group {arn})"


def healths(balancer, arn):
    found = balancer.describe_target_health(TargetGroupArn=arn)
    return [t["TargetHealth"]["State"] for t in found["TargetHealthDescriptions"]]
