"""Endpoints of a service on the emulated AWS: three sides, and publication."""

from typing import NamedTuple

import pytest

from controller.clients.clock import SystemClock
from controller.core.dns.health import NameReport
from controller.core.errors import NotFoundError, PermanentError
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.plan import Advice, Verb
from controller.emulation.clocks import SteppedClock
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from controller.kinds.endpoint.driver import EndpointDriver
from tests.builders.emulated_service import World
from tests.builders.reconcile_loop import PLATFORM, Machine, declared
from tests.fakes.inline import InlinePool
from tests.fakes.sim_net import SimulatedProbe

HOST, PATH = "api.hokusai-local.local", "/hokusai/local/api-ip"
PUBLISHES = {"env": "API_FALLBACK_IP", "publish": {"ssm": PATH}}
PRUNING = SafetyLimits(prune=True)


class Answer(NamedTuple):
    """Addresses of a host, and their source."""

    addresses: tuple[str, ...]
    source: str = "dns"


class Names:
    """DNS with one name, whose addresses a test sets."""

    def __init__(self):
        self.addresses = ()

    def refresh(self, host):
        if not self.addresses:
            message = f"{host} does not exist"
            raise NotFoundError(message)
        return Answer(tuple(self.addresses))

    def report(self, _host):
        return NameReport()


class Fallen:
    """An AWS in which some operations are refused."""

    def __init__(self, aws):
        self.aws = aws
        self.refused = set()

    def call(self, service, operation, /, **asked):
        if operation in self.refused:
            message = f"{service}:{operation} was refused"
            raise PermanentError(message)
        return self.aws.call(service, operation, **asked)


class Reached(World):
    """A world with a service, its endpoint, and a driver of the endpoint."""

    def __init__(self, server, runtime):
        self.names, self.probe = Names(), SimulatedProbe()
        self.resources = {}
        super().__init__(server, runtime)
        self.door = Fallen(self.aws)
        self.endpoints = self.endpoint_driver()

    def endpoint_driver(self):
        return EndpointDriver(
            self.names,
            None,
            self.door,
            self.probe,
            InlinePool,
            clock=SystemClock(),
            owner=PLATFORM.owner,
            declared=lambda: self.resources,
            prune=True,
        )

    def declare(self, *resources):
        self.resources = {resource.id: resource for resource in resources}

    def looked(self, endpoint):
        """Observe twice, as two passes do, and return the conditions by type."""
        for _ in range(2):
            seen = self.endpoints.observe({endpoint.id: endpoint})[endpoint.id]
        kind = Machine({}).reconciler.kinds["endpoint"]
        return {one.type: one for one in kind.conditions(endpoint.spec, seen.state)}

    def passes(self, *resources, limits=None):
        """Do one pass on endpoints only, and return its result."""
        machine = Machine({"endpoint": self.endpoints})
        machine.reconciler.memory.doomed = frozenset(
            id_ for id_ in self.endpoints.observe({}) if id_ not in self.resources
        )
        return machine.run(*resources, limits=limits)

    def tasks(self, key="api"):
        """Return the addresses of the running tasks of a service."""
        cluster = PLATFORM.cluster
        arns = self.aws.call(
            "ecs", "ListTasks", cluster=cluster, serviceName=f"hokusai-{key}-local"
        )["taskArns"]
        found = self.aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=arns)
        return [
            task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
            for task in found["tasks"]
            if task["lastStatus"] == "RUNNING"
        ]

    def parameter(self):
        try:
            return self.aws.call("ssm", "GetParameter", Name=PATH)["Parameter"]
        except NotFoundError:
            return None

    def registry(self):
        return self.service()["serviceRegistries"][0]["registryArn"].rpartition("/")[2]


@pytest.fixture
def world():
    runtime = ScriptedRuntime()
    with EmulatorServer(runtime=runtime, clock=SteppedClock()) as server:
        yield Reached(server, runtime)


def endpoint(name="api", host=HOST, **fields):
    return declared("endpoint", name, {"host": host, "port": 8001, **fields})


@pytest.fixture
def running(world):
    """Return a world whose service runs, with its address in DNS."""
    service = world.api()
    world.declare(service)
    world.run(service)
    world.names.addresses = world.tasks()
    return world


def test_three_sides_that_are_equal_agree(running):
    assert running.looked(endpoint())["AddressesAgree"].reason == "Agree"


def test_an_address_that_cloud_map_does_not_list_is_a_stale_record(running):
    running.names.addresses = [*running.names.addresses, "10.9.9.9"]

    found = running.looked(endpoint())["AddressesAgree"]

    assert (found.reason, "10.9.9.9" in found.message) == ("StaleRecord", True)


def test_a_task_that_is_not_registered_is_a_missing_registration(running):
    (instance,) = running.aws.call(
        "servicediscovery", "ListInstances", ServiceId=running.registry()
    )["Instances"]
    running.aws.call(
        "servicediscovery",
        "DeregisterInstance",
        ServiceId=running.registry(),
        InstanceId=instance["Id"],
    )
    running.names.addresses = ()

    assert running.looked(endpoint())["AddressesAgree"].reason == "MissingRegistration"


def test_an_instance_without_a_task_is_a_dead_task(running):
    running.aws.call(
        "servicediscovery",
        "RegisterInstance",
        ServiceId=running.registry(),
        InstanceId="gone",
        CreatorRequestId="gone",
        Attributes={"AWS_INSTANCE_IPV4": "10.9.9.9"},
    )

    assert running.looked(endpoint())["AddressesAgree"].reason == "DeadTask"


def test_a_host_in_another_namespace_is_a_wrong_namespace(running):
    (service,) = running.resources.values()
    elsewhere = endpoint(host="api.hokusai.local")
    object.__setattr__(elsewhere, "depends_on", frozenset({service.id}))

    found = running.looked(elsewhere)["AddressesAgree"]

    assert found.reason == "WrongNamespace"
    assert HOST in found.message


def test_an_endpoint_without_a_service_is_not_compared(running):
    running.names.addresses = ["192.0.2.1"]
    external = endpoint("auth", host="auth.hokus.ai", external=True)

    assert "AddressesAgree" not in running.looked(external)


def test_a_refused_read_makes_the_agreement_unknown_and_nothing_else(running):
    running.door.refused = {"ListInstances"}

    conditions = running.looked(endpoint())

    assert conditions["AddressesAgree"].reason == "NotObserved"
    assert conditions["NameResolution"].reason == "Resolved"


def test_the_good_addresses_are_published_with_the_tag_of_the_owner(running):
    address = running.names.addresses[0]
    running.names.addresses = [address, "10.0.0.2"]
    target = endpoint(fallback=PUBLISHES)

    running.passes(target)

    assert running.parameter()["Value"] == ",".join(sorted([address, "10.0.0.2"]))
    tags = running.aws.call(
        "ssm", "ListTagsForResource", ResourceType="Parameter", ResourceId=PATH
    )["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "hokusai.ai/managed-by": "hokusai/local",
        "hokusai.ai/endpoint": "api",
    }


def test_a_published_set_that_still_answers_is_not_written_again(running):
    target = endpoint(fallback=PUBLISHES)
    running.passes(target)
    running.names.addresses = [*running.names.addresses, "10.0.0.2"]

    running.passes(target)

    assert running.parameter()["Version"] == 1


def test_a_parameter_of_a_removed_endpoint_stays_until_prune(running):
    target = endpoint(fallback=PUBLISHES)
    (service,) = running.resources.values()
    running.declare(service, target)
    running.passes(target)
    before = running.parameter()
    running.declare(service)
    running.endpoints = running.endpoint_driver()
    kept = endpoint("other", host="api.hokusai-local.local")

    result = running.passes(kept)

    (advice,) = [v for v in result.plan.verdicts if isinstance(v, Advice)]
    assert (str(advice.target), advice.reason) == ("endpoint/api", "NoLongerDeclared")
    assert running.parameter() == before
    (action,) = running.passes(kept, limits=PRUNING).plan.actions
    assert (action.verb, str(action.target)) == (Verb.DELETE, "endpoint/api")
    assert running.parameter() is None


def test_a_parameter_that_a_user_created_is_never_deleted(running):
    running.aws.call("ssm", "PutParameter", Name=PATH, Value="10.9.9.9", Type="String")
    target = endpoint(fallback=PUBLISHES)
    running.probe.dead.add("10.9.9.9")
    running.passes(target)
    running.declare()
    running.endpoints = running.endpoint_driver()

    running.passes(endpoint("other"), limits=PRUNING)

    assert running.parameter()["Value"] == running.names.addresses[0]
