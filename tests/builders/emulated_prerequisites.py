"""An AWS in which nothing is missing that a service rests on."""

import json

from controller.clients.aws import BotoAws, CountingAws, Credentials
from controller.clients.clock import SystemClock
from controller.core.errors import PermanentError
from controller.core.planning.preflight import CheckFinding
from controller.emulation.prerequisites import create_bucket, create_image, create_role
from controller.kinds.service.driver import ServiceDriver
from tests.builders.reconcile_loop import PLATFORM, Machine, declared

ACCOUNT, REGION = "123456789012", "us-east-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/hokusai/api:1"
CANARY = "canary-3b9f-"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
NOT_SIMULATED = PermanentError("AccessDenied: no iam:SimulatePrincipalPolicy")


class Refusing(CountingAws):
    """Refuses what it is told to, as AWS does, and says what moto leaves out."""

    def __init__(self, inner):
        super().__init__(inner)
        self.redis = ""
        self.refused = {}

    def call(self, service, operation, /, **parameters):
        refused = {"iam:SimulatePrincipalPolicy": NOT_SIMULATED, **self.refused}
        if error := refused.get(f"{service}:{operation}"):
            raise error
        answer = super().call(service, operation, **parameters)
        for cluster in answer.get("CacheClusters", ()):
            cluster["SecurityGroups"] = [{"SecurityGroupId": self.redis}]
        return answer


class World:
    """An AWS in which nothing is missing that ``api`` rests on."""

    def __init__(self, server):
        self.server = server
        boto = BotoAws(
            REGION,
            endpoint_url=server.url,
            credentials=Credentials("test", "test"),
            light=True,
        )
        self.aws = Refusing(boto)
        call = self.aws.call
        call("ecs", "CreateCluster", clusterName=PLATFORM.cluster)
        self.subnet = call("ec2", "DescribeSubnets")["Subnets"][0]
        self.tasks, self.redis, self.database = (
            self.group(name) for name in ("tasks", "redis", "database")
        )
        self.aws.redis = self.redis
        self.admit(self.redis, 6379)
        self.admit(self.database, 5432)
        self.admit(self.tasks, 5000)
        for name in ("execution", "task"):
            create_role(self.aws, name)
        create_image(self.aws, "hokusai/api", "1")
        create_bucket(self.aws, "hokusai-artifacts", REGION)
        text = f"{CANARY}secret"
        call("secretsmanager", "CreateSecret", Name="hokusai/app", SecretString=text)
        value = {"Value": f"{CANARY}parameter", "Type": "SecureString"}
        call("ssm", "PutParameter", Name="/hokusai/redis", **value)
        self.make_data()
        self.driver = ServiceDriver(
            self.aws, PLATFORM, SystemClock(), thorough=False, declared=self.declared
        )
        self.machine = Machine({"service": self.driver})

    def group(self, name):
        made = self.aws.call(
            "ec2",
            "CreateSecurityGroup",
            GroupName=name,
            Description=name,
            VpcId=self.subnet["VpcId"],
        )
        return made["GroupId"]

    def admit(self, group, port, operation="AuthorizeSecurityGroupIngress"):
        pair = {"GroupId": self.tasks}
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        permissions = [{**rule, "UserIdGroupPairs": [pair]}]
        self.aws.call("ec2", operation, GroupId=group, IpPermissions=permissions)

    def make_data(self):
        self.aws.call(
            "elasticache",
            "CreateCacheCluster",
            CacheClusterId="hokusai-redis",
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            NumCacheNodes=1,
            SecurityGroupIds=[self.redis],
        )
        self.aws.call(
            "rds",
            "CreateDBInstance",
            DBInstanceIdentifier="hokusai-db",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="mlflow",
            MasterUserPassword=f"{CANARY}password",
            VpcSecurityGroupIds=[self.database],
            BackupRetentionPeriod=7,
            Port=5432,
        )

    def delete_role(self):
        call = self.aws.call
        call("iam", "DeleteRolePolicy", RoleName="execution", PolicyName="buckets")
        call("iam", "DeleteRole", RoleName="execution")

    def declared(self):
        return {r.id: r for r in (self.api(), self.mlflow())}

    def mlflow(self):
        fields = {"image": "hokusai/mlflow:1", "port": 5000, "network": self.network}
        return declared("service", "mlflow", fields)

    @property
    def network(self):
        subnets = [self.subnet["SubnetId"]]
        return {"subnets": subnets, "security_groups": [self.tasks]}

    def api(self, **more):
        fields = {
            "image": IMAGE,
            "port": 8001,
            "network": self.network,
            "roles": {"execution": f"{ROLE}/execution", "task": f"{ROLE}/task"},
            "secrets": {
                "DB_PASSWORD": {"secretsmanager": "hokusai/app:database_password"},
                "REDIS_HOST": {"ssm": "/hokusai/redis"},
            },
            "environment": {"DEFAULT_ARTIFACT_ROOT": "s3://hokusai-artifacts/a"},
            "connects": [
                {"redis": "hokusai-redis", "port": 6379},
                {"database": "hokusai-db", "port": 5432},
                {"to": "service/mlflow"},
            ],
            **more,
        }
        return declared("service", "api", fields)

    def results(self, **more):
        resource = self.api(**more)
        return self.driver.inspect({resource.id: resource})[resource.id]

    def findings(self, **more):
        return [r for r in self.results(**more) if isinstance(r, CheckFinding)]


BREAKS = {
    "image": (
        lambda w: w.aws.call(
            "ecr",
            "BatchDeleteImage",
            repositoryName="hokusai/api",
            imageIds=[{"imageTag": "1"}],
        ),
        "is not in ECR",
    ),
    "secret": (
        lambda w: w.aws.call(
            "secretsmanager",
            "DeleteSecret",
            SecretId="hokusai/app",
            ForceDeleteWithoutRecovery=True,
        ),
        "Secret hokusai/app does not exist",
    ),
    "secret on its way out": (
        lambda w: w.aws.call("secretsmanager", "DeleteSecret", SecretId="hokusai/app"),
        "Secret hokusai/app is scheduled for deletion",
    ),
    "parameter": (
        lambda w: w.aws.call("ssm", "DeleteParameter", Name="/hokusai/redis"),
        "SSM parameter /hokusai/redis does not exist",
    ),
    "role": (
        lambda w: w.delete_role(),
        "Role arn:aws:iam::123456789012:role/execution does not exist",
    ),
    "trust": (
        lambda w: w.aws.call(
            "iam",
            "UpdateAssumeRolePolicy",
            RoleName="execution",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    },
                }
            ),
        ),
        "role/execution does not trust ecs-tasks.amazonaws.com",
    ),
    "reach": (
        lambda w: w.aws.call(
            "iam", "DeleteRolePolicy", RoleName="task", PolicyName="buckets"
        ),
        "role/task is not allowed s3:ListBucket, s3:GetObject, s3:PutObject",
    ),
    "redis": (
        lambda w: w.aws.call(
            "elasticache", "DeleteCacheCluster", CacheClusterId="hokusai-redis"
        ),
        "Redis hokusai-redis does not exist",
    ),
    "way to redis": (
        lambda w: w.admit(w.redis, 6379, "RevokeSecurityGroupIngress"),
        "Redis hokusai-redis does not allow",
    ),
    "way to the database": (
        lambda w: w.admit(w.database, 5432, "RevokeSecurityGroupIngress"),
        "Database hokusai-db does not allow",
    ),
    "way to a service": (
        lambda w: w.admit(w.tasks, 5000, "RevokeSecurityGroupIngress"),
        "service/mlflow does not allow",
    ),
    "bucket": (
        lambda w: w.aws.call("s3", "DeleteBucket", Bucket="hokusai-artifacts"),
        "Bucket hokusai-artifacts does not exist",
    ),
    "versions": (
        lambda w: w.aws.call(
            "s3",
            "PutBucketVersioning",
            Bucket="hokusai-artifacts",
            VersioningConfiguration={"Status": "Suspended"},
        ),
        "Bucket hokusai-artifacts is not versioned",
    ),
    "backups": (
        lambda w: w.aws.call(
            "rds",
            "ModifyDBInstance",
            DBInstanceIdentifier="hokusai-db",
            BackupRetentionPeriod=0,
        ),
        "Database hokusai-db is not backed up",
    ),
}
