"""What the user asks of a service."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from controller.core.fields import (
    INT32,
    EnvironmentName,
    Flag,
    FromPlatform,
    Key,
    Port,
    Section,
    Span,
    Text,
    Whole,
    no_truth,
    refuse,
    refuse_all,
)
from controller.core.identity import client_token
from controller.core.kind import no_references
from controller.core.placement import NetworkSpec, RolesSpec
from controller.core.platform import Platform
from controller.core.reference import SecretReference
from controller.core.resource import ResourceId
from controller.kinds.service.capacity import Cpu, Memory, check_size
from controller.kinds.service.own_words import (
    ServiceFields,
    TaskFields,
    check_names,
    check_service,
)
from controller.kinds.service.preflight.offline import mistakes, mistakes_in_place
from controller.kinds.service.preflight.spec import Surroundings
from controller.kinds.service.routes.spec import RoutePath, RouteSpec

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
Matcher = Annotated[
    str,
    Text(
        "[2-4][0-9]{2}(?:-[2-4][0-9]{2})?(?:,[2-4][0-9]{2}(?:-[2-4][0-9]{2})?)*",
        "HTTP statuses, as in 200 or 200-204,302",
    ),
]
Url = Annotated[
    str, Text(r"https?://[^\s/?#@]+(/\S*)?", "an address that starts with http(s)://")
]
_Days = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
    2557, 2922, 3288, 3653,
]  # fmt: skip
Retention = Annotated[_Days, BeforeValidator(no_truth)]
# CreateTargetGroup, field Name; Elastic Load Balancing API reference.
LONGEST_GROUP = 32


class HealthSpec(Section):
    """How to see that a container works."""

    path: RoutePath | None = Field(
        default=None,
        description="The path asked for on the service's port.",
        examples=["/health"],
    )
    command: tuple[str, ...] | None = Field(
        default=None,
        min_length=2,
        description="The container's own check, as ECS wants it: CMD or CMD-SHELL "
        "first. Made from the path, unless given.",
        examples=[["CMD-SHELL", "curl -f http://localhost:5000/health || exit 1"]],
    )
    matcher: Matcher = Field(
        default="200",
        description="The statuses that mean healthy, to load balancers.",
        examples=["200-204"],
    )
    interval: Annotated[int, Span(1, 300)] = Field(
        default=30, description="Time between two checks; 5 s at least on AWS."
    )
    timeout: Annotated[int, Span(1, 60)] = Field(
        default=5, description="Time a check may take; 2 s at least on AWS."
    )
    retries: Annotated[Whole, Field(ge=1, le=10)] = Field(
        default=3, description="Failures in a row until the container is unhealthy."
    )
    start_period: Annotated[int, Span(0, 300)] = Field(
        default=60, description="Time after the start in which failures do not count."
    )
    grace: Annotated[int, Span(0, INT32)] = Field(
        default=120,
        description="Time after the start in which the load balancer's verdict does "
        "not count.",
    )

    url: Url | None = Field(
        default=None,
        description="An address that must answer before the service counts as ready; "
        "asked from where the controller runs, and followed by name.",
        examples=["http://api.hokusai-development.local:8001/ready"],
    )

    @model_validator(mode="after")
    def _command_says_how(self) -> Self:
        if self.command and self.command[0] not in ("CMD", "CMD-SHELL"):
            refuse("must start with CMD or CMD-SHELL", field="command")
        if self.command is None and self.path is None:
            refuse("checks nothing", "add a path or a command")
        return self


class DeploymentSpec(Section):
    """How tasks are replaced."""

    minimum_healthy_percent: Annotated[Whole, Field(ge=0, le=100)] = Field(
        default=100, description="Tasks that must stay healthy meanwhile."
    )
    maximum_percent: Annotated[Whole, Field(ge=100, le=200)] = Field(
        default=200, description="Tasks that may run meanwhile."
    )
    circuit_breaker: Flag = Field(
        default=True, description="Whether ECS gives up when tasks keep failing."
    )
    rollback: Flag = Field(
        default=True, description="Whether ECS then returns to what worked."
    )

    progress_deadline: Annotated[int, Span(1, 86_400)] = Field(
        default=600,
        description="Without progress for so long, a rollout counts as stalled.",
        examples=["10m"],
    )
    restart_interval: Annotated[int, Span(0, 86_400)] = Field(
        default=300,
        description="How long after one `hokusai restart` the next is refused.",
        examples=["5m"],
    )

    @model_validator(mode="after")
    def _room_to_replace(self) -> Self:
        if self.minimum_healthy_percent == self.maximum_percent:
            refuse(
                "leaves no room to replace a task: at least and at most 100 %",
                "raise maximum_percent, or lower minimum_healthy_percent",
            )
        return self


class ScalingSpec(Section):
    """Between which numbers of tasks Application Auto Scaling may choose."""

    minimum: Annotated[Whole, Field(ge=0, le=INT32)] = Field(
        description="Never fewer tasks than these.", examples=[1]
    )
    maximum: Annotated[Whole, Field(ge=0, le=INT32)] = Field(
        description="Never more tasks than these.", examples=[4]
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            refuse("is above maximum", "write a smaller one", "minimum")
        return self


class BeforeSpec(Section):
    """A one-off task that must succeed before a revision is rolled out."""

    name: Key = Field(description="What it is called.", examples=["migrate"])
    command: tuple[str, ...] = Field(
        min_length=1,
        description="What is run, in the container of the new revision.",
        examples=[["alembic", "upgrade", "head"]],
    )


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
            check_names(getattr(self, at), at)
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
