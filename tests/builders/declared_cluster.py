"""A cluster of many services, answered from their declarations."""

from controller.core.document.platform import Platform
from controller.core.document.resource import Resource, ResourceId
from controller.core.values.identity import OWNER_TAG
from controller.kinds.service import KIND
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.spec.service import ServiceSpec

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")


def declared_services(count):
    resources = {}
    for number in range(count):
        id_ = ResourceId("service", f"s{number:03}")
        written = ServiceSpec.model_validate({"image": f"team/s{number}:1"})
        spec = KIND.complete(id_.name, written, PLATFORM)
        resources[id_] = Resource(id_, spec, "v1:g")
    return resources


class DeclaredCluster:
    """A cluster in which everything declared is as declared, or rolls out."""

    events = ()

    def __init__(self, resources, rollout="COMPLETED"):
        self.specs = {r.spec.name: r.spec for r in resources.values()}
        self.rollout = rollout

    def call(self, _service, operation, /, **asked):
        return {"failures": []} | getattr(self, operation)(asked)

    def DescribeServices(self, asked):
        assert len(asked["services"]) <= 10
        return {"services": [self._service(name) for name in asked["services"]]}

    def _service(self, name):
        spec = self.specs[name]
        return settings(spec) | {
            "serviceName": name,
            "serviceArn": f"arn:service/{name}",
            "clusterArn": "arn:cluster",
            "status": "ACTIVE",
            "taskDefinition": f"arn:task-definition/{name}:1",
            "desiredCount": 1,
            "runningCount": 1,
            "currentServiceDeployment": f"arn:d/{name}",
            "events": [*self.events],
            "tags": [{"key": OWNER_TAG, "value": PLATFORM.owner}],
            "deployments": [
                {
                    "id": f"ecs-svc/{name}",
                    "status": "PRIMARY",
                    "rolloutState": self.rollout,
                    "taskDefinition": f"arn:task-definition/{name}:1",
                }
            ],
        }

    def ListServices(self, asked):
        names = [f"arn:service/{name}" for name in sorted(self.specs)]
        start = int(asked.get("nextToken", 0))
        more = start + 100 < len(names)
        page = {"serviceArns": names[start : start + 100]}
        return page | ({"nextToken": str(start + 100)} if more else {})

    def DescribeTaskDefinition(self, asked):
        name = asked["taskDefinition"].rpartition("/")[2].partition(":")[0]
        arn = {"taskDefinitionArn": asked["taskDefinition"]}
        return {"taskDefinition": {**render(self.specs[name]), **arn}}

    def DescribeServiceDeployments(self, asked):
        assert len(asked["serviceDeploymentArns"]) <= 20
        return {
            "serviceDeployments": [
                {
                    "serviceDeploymentArn": arn,
                    "status": "IN_PROGRESS",
                    "targetServiceRevision": {"arn": f"arn:r/{arn.rpartition('/')[2]}"},
                }
                for arn in asked["serviceDeploymentArns"]
            ]
        }

    def DescribeLogGroups(self, asked):
        found = ({"logGroupName": s.log_group} for s in self.specs.values())
        return {"logGroups": [{**group, "retentionInDays": 30} for group in found]}

    def ListTasks(self, asked):
        names = sorted(self.specs)
        start = int(asked.get("nextToken", 0))
        page = [f"arn:task/{name}" for name in names[start : start + 100]]
        more = start + 100 < len(names)
        return {"taskArns": page} | ({"nextToken": str(start + 100)} if more else {})

    def DescribeTasks(self, asked):
        assert len(asked["tasks"]) <= 100
        return {
            "tasks": [
                {
                    "taskArn": arn,
                    "lastStatus": "RUNNING",
                    "group": f"service:{arn.rpartition('/')[2]}",
                }
                for arn in asked["tasks"]
            ]
        }
