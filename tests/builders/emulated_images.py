"""An emulated AWS with an image repository."""

import json

from tests.builders.emulated_routes import Routed

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai-api"
IMAGE = f"{REPOSITORY}:latest"


class Pushed(Routed):
    """A world with an image repository."""

    def __init__(self, server, runtime):
        super().__init__(server, runtime)
        self.aws.call("ecr", "CreateRepository", repositoryName="hokusai-api")

    def push(self, digit, tag="latest"):
        """Have the tag stand for another image; return its digest."""
        digest = "sha256:" + digit * 64
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "layers": [],
            "annotations": {"built": digit},
        }
        self.aws.call(
            "ecr",
            "PutImage",
            repositoryName="hokusai-api",
            imageTag=tag,
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=manifest["mediaType"],
            imageDigest=digest,
        )
        return digest

    def running(self):
        """Return the digests of the tasks that run."""
        where = {"cluster": "hokusai-local"}
        arns = self.aws.call("ecs", "ListTasks", **where)["taskArns"]
        tasks = self.aws.call("ecs", "DescribeTasks", tasks=arns, **where)["tasks"]
        return {c["imageDigest"] for t in tasks for c in t["containers"]}

    def roll_back_the_next(self, api):
        """Do passes until a deployment begins, and have ECS take it back."""
        before = self.service()["currentServiceDeployment"]
        while (arn := self.service()["currentServiceDeployment"]) == before:
            self.run(api, passes=1)
        self.aws.call(
            "ecs",
            "StopServiceDeployment",
            serviceDeploymentArn=arn,
            stopType="ROLLBACK",
        )

    def deployments(self):
        answer = self.aws.call(
            "ecs",
            "ListServiceDeployments",
            cluster="hokusai-local",
            service="hokusai-api-local",
        )
        return [d["status"] for d in answer["serviceDeployments"]]
