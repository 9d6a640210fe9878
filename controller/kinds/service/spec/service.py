"""What the user asks of a service."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from controller.core.document.fields import (
    INT32,
    EnvironmentName,
    Flag,
    FromPlatform,
    Port,
    Text,
    Whole,
    no_truth,
    refuse,
    refuse_all,
)
from controller.core.document.placement import NetworkSpec, RolesSpec
from controller.core.document.platform import Platform
from controller.core.document.reference import SecretReference
from controller.core.document.resource import ResourceId
from controller.core.resources.kind import no_references
from controller.core.values.identity import client_token
from controller.kinds.service.spec.aws_fields import (
    ServiceFields,
    TaskFields,
    check_fields,
    check_service,
)
from controller.kinds.service.spec.checks import mistakes, mistakes_in_place
from controller.kinds.service.spec.dependencies import Surroundings
from controller.kinds.service.spec.fargate import Cpu, Memory, check_size
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
Retention = Annotated[_Days, BeforeValidator(no_truth)]
# CreateTargetGroup, field Name; Elastic Load Balancing API reference.
LONGEST_GROUP = 32


class ServiceSpec(Surroundings):
    """A long-running container on ECS, and how it is reached."""

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

    @model_validator(mode="after")
    def _memory_fits_cpu(self) -> Self:
        check_size(self.cpu, self.memory)
        return self

    @model_validator(mode="after")
    def _secrets_are_apart(self) -> Self:
        for name in sorted(self.environment.keys() & self.secrets.keys()):
            hint = "keep one of them"
            refuse("is set in environment too", hint, f"secrets.{name}")
        for name, reference in self.secrets.items():
            if reference.store == "env":
                what = "cannot come from the controller's environment: ECS fills it in"
                refuse(what, "write secretsmanager or ssm", f"secrets.{name}")
        return self

    @model_validator(mode="after")
    def _one_decides_the_number(self) -> Self:
        if self.scaling is not None and self.desired_count is not None:
            hint = "leave it out, or leave out scaling"
            refuse("is chosen between the numbers under scaling", hint, "desired_count")
        return self

    @model_validator(mode="after")
    def _steps_are_told_apart(self) -> Self:
        names = [step.name for step in self.before]
        for index, name in enumerate(names):
            if name in names[:index]:
                refuse(f"has two steps called {name}", field="before")
        return self

    @model_validator(mode="after")
    def _says_it_once(self) -> Self:
        for at in ("task", "service"):
            check_fields(getattr(self, at), at)
        check_service(self.service, self.desired_count, self.discovery)
        return self

    @model_validator(mode="after")
    def _has_a_port_to_ask(self) -> Self:
        if self.port is None and self.health and self.health.path:
            refuse("needs the service's port", "add port", "health.path")
        if self.port is None and self.routes:
            refuse("need the service's port", "add port", "routes")
        return self

    @model_validator(mode="after")
    def _fits_itself(self) -> Self:
        refuse_all(mistakes(self))
        return self


references = no_references


def mentions(spec: ServiceSpec) -> frozenset[ResourceId]:
    """Return the services that ``spec`` connects to."""
    return frozenset(c.target for c in spec.connects if c.target)


def complete(name: str, spec: ServiceSpec, platform: Platform) -> ServiceSpec:
    """Return ``spec`` with all that follows from its key and the platform.

    Raises:
        ValueError: AWS would refuse what the local platform takes, or it does not
            fit the platform's names.
    """
    if platform.environment != "local":
        _accepted_by_aws(spec)
    service = spec.name or platform.service_name(name)
    fields = dict(spec.service)
    completed = spec.model_copy(
        update={
            "desired_count": fields.pop("desiredCount", spec.desired_count),
            "service": fields,
            "name": service,
            "cluster": spec.cluster or platform.cluster,
            "log_group": spec.log_group or f"/ecs/{service}",
            "routes": tuple(
                route.model_copy(
                    update={"load_balancer": route.load_balancer or platform.balancer}
                )
                for route in spec.routes
            ),
            "load_balancer": platform.balancer,
            "target_group": group_name(platform.service_name(name)),
            "namespace": platform.namespace,
            "owner": platform.owner,
            "region": platform.region,
            "account": platform.account,
            "roles": spec.roles.completed(platform),
            "network": spec.network.completed(platform),
        }
    )
    refuse_all(mistakes_in_place(completed))
    return completed


def group_name(service: str) -> str:
    """Return ``service`` as the name of its target group: 32 characters at most.

    The shortened ones end in a hash, so that no two become one.
    """
    if len(service) <= LONGEST_GROUP:
        return service.replace("_", "-")
    digest = client_token("target group", service)[:6]
    return f"{service[: LONGEST_GROUP - 7].strip('-_').replace('_', '-')}-{digest}"


def _accepted_by_aws(spec: ServiceSpec) -> None:
    """Raise if a health check is faster than ECS allows."""
    for field, least in (("interval", 5), ("timeout", 2)):
        if spec.health and getattr(spec.health, field) < least:
            what = f"must be at least {least} s on AWS"
            refuse(what, field=f"health.{field}")
