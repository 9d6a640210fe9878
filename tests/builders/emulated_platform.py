"""A service of real processes with a DNS name."""

from typing import Any

from tests.builders.emulated_aws import client
from tests.builders.waiting import eventually

CHECK = {"command": ["CMD", "{python}", "-IS", "{probe}", "http://localhost:8001/"]}


class Platform:
    """Clients, a namespace and a cluster for tests with real tasks."""

    def __init__(self, server: Any) -> None:
        self.ecs = client(server, "ecs")
        self.logs = client(server, "logs")
        self._discovery = client(server, "servicediscovery")
        self._discovery.create_private_dns_namespace(Name="t.local", Vpc="vpc-1")
        self.ecs.create_cluster(clusterName="c")
        ec2 = client(server, "ec2")
        self.subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]

    @property
    def network(self) -> dict[str, Any]:
        return {"awsvpcConfiguration": {"subnets": [self.subnet]}}

    def registry(self, name: str) -> str:
        (namespace,) = self._discovery.list_namespaces()["Namespaces"]
        records = {"DnsRecords": [{"Type": "A", "TTL": 3}]}
        created = self._discovery.create_service(
            Name=name, NamespaceId=namespace["Id"], DnsConfig=records
        )
        return str(created["Service"]["Arn"])

    def register(self, family: str, image: str, **container: Any) -> str:
        options = {
            "awslogs-group": f"/ecs/{family}",
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "ecs",
            "awslogs-create-group": "true",
        }
        app = {
            "name": "app",
            "image": image,
            "stopTimeout": 2,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
            **container,
        }
        answer = self.ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[app],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, name: str, **fields: Any) -> None:
        service = {
            "cluster": "c",
            "serviceName": name,
            "taskDefinition": name,
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": self.network,
            **fields,
        }
        self.ecs.create_service(**service)

    def run(self, family: str, **fields: Any) -> str:
        answer = self.ecs.run_task(
            cluster="c",
            taskDefinition=family,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **fields,
        )
        return str(answer["tasks"][0]["taskArn"])

    def service(self, name: str) -> Any:
        return self.ecs.describe_services(cluster="c", services=[name])["services"][0]

    def task(self, arn: str) -> Any:
        return self.ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"][0]

    def tasks(self, name: str) -> list[Any]:
        arns = self.ecs.list_tasks(cluster="c", serviceName=name)["taskArns"]
        if not arns:
            return []
        return list(self.ecs.describe_tasks(cluster="c", tasks=arns)["tasks"])

    def running(self, name: str) -> Any:
        """Return the only running task of a service, once the service is steady."""
        eventually(
            lambda: self.service(name)["deployments"],
            lambda found: len(found) == 1 and found[0]["rolloutState"] == "COMPLETED",
        )
        (task,) = self.tasks(name)
        return task

    def output(self, family: str, arn: str) -> list[str]:
        stream = f"ecs/app/{arn.rpartition('/')[2]}"
        found = self.logs.get_log_events(
            logGroupName=f"/ecs/{family}", logStreamName=stream, startFromHead=True
        )
        return [event["message"] for event in found["events"]]


def address_of(task: Any) -> str:
    return str(task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"])
