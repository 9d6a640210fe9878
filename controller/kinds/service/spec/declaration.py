"""The fields of a service's entry in the document."""

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
    """The fields of a service, each valid by itself."""

    unique: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("cluster", "name"),
        ("namespace", "discovery"),
    )

    name: EcsName = Field(
        default="",
        description="The name in ECS; {platform}-{key}-{environment}, unless given.",
        examples=["hokusai-api-development"],
    )
    image: Image = Field(
        description="The image of the container.", examples=["hokusai/api:latest"]
    )
    image_policy: Literal["report", "pin", "redeploy"] = Field(
        default="report",
        description="What to do once a tag in ECR stands for another image: tell it, "
        "have the task definition name the digest and roll that out, or deploy anew.",
        examples=["pin"],
    )
    restart_on_secret_change: Flag = Field(
        default=False,
        description="Whether a new version of a secret restarts the tasks; otherwise "
        "it is told.",
    )
    cpu: Cpu = Field(
        default=256, description="CPU units; 1024 are 1 vCPU.", examples=[1024]
    )
    memory: Memory = Field(default=512, description="Memory in MiB.", examples=[2048])
    port: Port | None = Field(
        default=None, description="The port it listens on.", examples=[8001]
    )
    target_protocol: Literal["http", "https"] = Field(
        default="http", description="What load balancers speak with the port."
    )
    desired_count: Annotated[Whole, Field(ge=0, le=INT32)] | None = Field(
        default=None,
        description="How many tasks run. Unless given, one is made at first and the "
        "number is left alone afterwards.",
        examples=[2],
    )
    scaling: ScalingSpec | None = Field(
        default=None,
        description="Between which numbers of tasks Application Auto Scaling may "
        "choose; who scales, and by which policy, is not settled here.",
        examples=[{"minimum": 1, "maximum": 4}],
    )
    command: tuple[str, ...] = Field(
        default=(), description="What is run; the image's own command, unless given."
    )
    environment: dict[EnvironmentName, str] = Field(
        default_factory=dict,
        description="Environment variables; no secrets.",
        examples=[{"ENVIRONMENT": "development"}],
    )
    secrets: dict[EnvironmentName, SecretReference] = Field(
        default_factory=dict,
        description="Environment variables that ECS fills from Secrets Manager or SSM.",
        examples=[{"DATABASE_URL": {"ssm": "/hokusai/development/database/url"}}],
    )
    discovery: DnsLabel | None = Field(
        default=None,
        description="The name in the platform's private DNS namespace.",
        examples=["api"],
    )
    health: HealthSpec | None = Field(
        default=None, description="How to see that a container works."
    )
    routes: tuple[RouteSpec, ...] = Field(
        default=(), description="Ways from load balancers to the service."
    )
    before: tuple[BeforeSpec, ...] = Field(
        default=(),
        description="One-off tasks, each once for a revision and in this order, that "
        "must succeed before it is rolled out.",
    )
    deployment: DeploymentSpec = Field(
        default=DeploymentSpec(), description="How tasks are replaced."
    )
    roles: RolesSpec = Field(
        default=RolesSpec(),
        description="The roles of a task; the platform's, unless given.",
    )
    network: NetworkSpec = Field(
        default=NetworkSpec(),
        description="Where tasks are placed; as the platform says, unless given.",
    )
    architecture: Literal["X86_64", "ARM64"] = Field(
        default="X86_64", description="The processor that the image is built for."
    )
    log_retention_days: Retention = Field(
        default=30, description="How long logs are kept."
    )
    cluster: EcsName = Field(
        default="",
        description="The ECS cluster; {platform}-{environment}, unless given.",
        examples=["hokusai-development"],
    )
    log_group: LogGroup = Field(
        default="",
        description="The CloudWatch log group; /ecs/{name}, unless given.",
        examples=["/ecs/hokusai-api-development"],
    )
    task: TaskFields = Field(
        default_factory=dict,
        description="Fields of RegisterTaskDefinition in AWS's spelling, over the rest.",
        examples=[{"ephemeralStorage": {"sizeInGiB": 50}}],
    )
    service: ServiceFields = Field(
        default_factory=dict,
        description="Fields of CreateService in AWS's spelling, over the rest.",
        examples=[{"enableExecuteCommand": True}],
    )
    target_group: FromPlatform = ""
    load_balancer: FromPlatform = ""
    namespace: FromPlatform = ""
    owner: FromPlatform = ""
    region: FromPlatform = ""
    account: FromPlatform = ""
