"""Fields of a service in the document, each valid on its own."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from controller.core.document.fields import (
    INT32,
    EnvironmentName,
    Flag,
    FromPlatform,
    Port,
    Text,
    Whole,
    reject_bool,
)
from controller.core.document.placement import NetworkSpec, RolesSpec
from controller.core.document.reference import SecretReference
from controller.kinds.service.spec.aws_fields import ServiceFields, TaskFields
from controller.kinds.service.spec.dependencies import DependencyDeclaration
from controller.kinds.service.spec.fargate import Cpu, Memory
from controller.kinds.service.spec.routes import RouteSpec
from controller.kinds.service.spec.sections import (
    BeforeSpec,
    DeploymentSpec,
    HealthSpec,
    ScalingSpec,
)

EcsName = Annotated[
    str, Text("[A-Za-z0-9_-]+", "letters, digits, - and _", longest=255)
]
DnsLabel = Annotated[
    str,
    Text("[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", "lower-case letters, digits and -", 63),
]
Image = Annotated[
    str, Text(r"[A-Za-z0-9][\w./:@-]*", "an image, as in hokusai/api:latest")
]
LogGroup = Annotated[
    str, Text("[A-Za-z0-9_/.#-]+", "letters, digits, _ / . # and -", longest=512)
]
_Days = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
    2557, 2922, 3288, 3653,
]  # fmt: skip
Retention = Annotated[_Days, BeforeValidator(reject_bool)]


class ServiceDeclaration(DependencyDeclaration):
    """The fields of a service. ``ServiceSpec`` adds the rules between fields."""

    unique: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("cluster", "name"),
        ("namespace", "discovery"),
    )

    name: EcsName = Field(
        default="",
        description="Name in ECS. Default: {platform}-{key}-{environment}.",
        examples=["hokusai-api-development"],
    )
    image: Image = Field(
        description="Image of the container.", examples=["hokusai/api:latest"]
    )
    image_policy: Literal["report", "pin", "redeploy"] = Field(
        default="report",
        description="Action when the image's tag in ECR moves to another image: report "
        "it; pin, i.e. roll out task definitions that name the digest; or redeploy.",
        examples=["pin"],
    )
    restart_on_secret_change: Flag = Field(
        default=False,
        description="If true, a new version of a secret restarts the tasks; otherwise "
        "it is only reported.",
    )
    cpu: Cpu = Field(
        default=256, description="CPU units; 1024 are 1 vCPU.", examples=[1024]
    )
    memory: Memory = Field(default=512, description="Memory in MiB.", examples=[2048])
    port: Port | None = Field(
        default=None, description="Port that the container listens on.", examples=[8001]
    )
    target_protocol: Literal["http", "https"] = Field(
        default="http", description="Protocol between the load balancer and the port."
    )
    desired_count: Annotated[Whole, Field(ge=0, le=INT32)] | None = Field(
        default=None,
        description="Number of tasks. If omitted, the service is created with one task "
        "and the number is not managed afterwards.",
        examples=[2],
    )
    scaling: ScalingSpec | None = Field(
        default=None,
        description="Minimum and maximum number of tasks for Application Auto Scaling. "
        "Scaling policies are managed elsewhere.",
        examples=[{"minimum": 1, "maximum": 4}],
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="Command of the container. Default: the image's command.",
    )
    environment: dict[EnvironmentName, str] = Field(
        default_factory=dict,
        description="Environment variables. Write secrets under secrets.",
        examples=[{"ENVIRONMENT": "development"}],
    )
    secrets: dict[EnvironmentName, SecretReference] = Field(
        default_factory=dict,
        description="Environment variables that ECS fills from Secrets Manager or SSM.",
        examples=[{"DATABASE_URL": {"ssm": "/hokusai/development/database/url"}}],
    )
    discovery: DnsLabel | None = Field(
        default=None,
        description="Name in the platform's private DNS namespace.",
        examples=["api"],
    )
    health: HealthSpec | None = Field(
        default=None, description="Health checks of the container."
    )
    routes: tuple[RouteSpec, ...] = Field(
        default=(), description="Rules that forward requests from load balancers."
    )
    before: tuple[BeforeSpec, ...] = Field(
        default=(),
        description="One-off tasks that must succeed before a revision is rolled out. "
        "Each runs once per revision, in this order.",
    )
    deployment: DeploymentSpec = Field(
        default=DeploymentSpec(), description="Settings of rollouts and restarts."
    )
    roles: RolesSpec = Field(
        default=RolesSpec(),
        description="IAM roles of the tasks. Default: the platform's roles.",
    )
    network: NetworkSpec = Field(
        default=NetworkSpec(),
        description="Subnets and security groups. Default: the platform's network.",
    )
    architecture: Literal["X86_64", "ARM64"] = Field(
        default="X86_64", description="CPU architecture of the image."
    )
    log_retention_days: Retention = Field(
        default=30, description="Retention of the log group, in days."
    )
    cluster: EcsName = Field(
        default="",
        description="ECS cluster. Default: {platform}-{environment}.",
        examples=["hokusai-development"],
    )
    log_group: LogGroup = Field(
        default="",
        description="CloudWatch log group. Default: /ecs/{name}.",
        examples=["/ecs/hokusai-api-development"],
    )
    task: TaskFields = Field(
        default_factory=dict,
        description="Fields of RegisterTaskDefinition in AWS's spelling. They override "
        "the other fields.",
        examples=[{"ephemeralStorage": {"sizeInGiB": 50}}],
    )
    service: ServiceFields = Field(
        default_factory=dict,
        description="Fields of CreateService in AWS's spelling. They override the other "
        "fields.",
        examples=[{"enableExecuteCommand": True}],
    )
    target_group: FromPlatform = ""
    load_balancer: FromPlatform = ""
    namespace: FromPlatform = ""
    owner: FromPlatform = ""
    region: FromPlatform = ""
    account: FromPlatform = ""
