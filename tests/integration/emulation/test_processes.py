"""Tasks that are real processes, each with its own address."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import dns.message
import dns.query
import httpx
import pytest

from controller.emulation.dns import DnsServer
from controller.emulation.moto.cloud_map import (
    cloud_map_lookup,
    cloud_map_ttl,
    cloud_map_zones,
)
from controller.emulation.task_addresses import TaskAddresses
from tests.builders.emulated_aws import control
from tests.builders.emulated_platform import CHECK, Platform, address_of
from tests.builders.waiting import eventually

WORD = [{"name": "WORD", "value": "{host}"}]


@pytest.fixture
def platform(real):
    return Platform(real)


def processes(real):
    tasks = control(real, "GET", "state")["clusters"]["c"]["tasks"]
    return {t["id"]: t["processes"].get("app") for t in tasks if t["processes"]}


def is_alive(process_id):
    try:
        status = Path(f"/proc/{process_id}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_killed_process_is_replaced_and_dns_follows(real, platform):
    platform.register("web", "web:1", healthCheck=CHECK | {"interval": 1})
    platform.create(
        "web", serviceRegistries=[{"registryArn": platform.registry("web")}]
    )
    before = platform.running("web")
    place, lock = real.place, real.lock
    lookup, zones = cloud_map_lookup(place, lock), cloud_map_zones(place, lock)
    with DnsServer(lookup, zones, ttl=cloud_map_ttl(place, lock)) as server:
        assert resolve(server) == [address_of(before)]

        (process_id,) = processes(real).values()
        os.kill(process_id, signal.SIGKILL)

        after = eventually(
            lambda: resolve(server),
            lambda found: found not in ([], [address_of(before)]),
        )
        assert httpx.get(f"http://{after[0]}:8001/").status_code == 200
    stopped = platform.task(before["taskArn"])
    assert stopped["containers"][0]["exitCode"] == 137
    assert stopped["stopCode"] == "EssentialContainerExited"


def resolve(server):
    query = dns.message.make_query("web.t.local", "A")
    answer = dns.query.udp(query, server.address[0], 5, server.address[1])
    return [item.address for rrset in answer.answer for item in rrset]


def test_a_job_runs_once_and_its_output_is_kept(platform):
    platform.register("job", "job:1", environment=WORD)
    arn = platform.run("job")

    task = eventually(
        lambda: platform.task(arn), lambda t: t["lastStatus"] == "STOPPED"
    )

    assert task["containers"][0]["exitCode"] == 0
    assert platform.output("job", arn) == [f"got {address_of(task)}"]


def test_an_update_replaces_the_process(real, platform):
    platform.register("web", "web:1")
    platform.create("web")
    before = address_of(platform.running("web"))

    platform.ecs.update_service(
        cluster="c", service="web", taskDefinition=platform.register("web", "web:2")
    )
    eventually(lambda: platform.service("web")["deployments"], lambda d: len(d) == 2)

    assert address_of(platform.running("web")) != before
    eventually(lambda: processes(real), lambda found: len(found) == 1)


def test_an_image_that_crashes_is_rolled_back(platform):
    platform.register("web", "web:1")
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    platform.create("web", deploymentConfiguration=breaker)
    before = platform.running("web")

    platform.ecs.update_service(
        cluster="c", service="web", taskDefinition=platform.register("web", "crash:1")
    )

    rolled_back = eventually(
        lambda: platform.ecs.list_service_deployments(cluster="c", service="web"),
        lambda a: a["serviceDeployments"][0]["status"] == "ROLLBACK_SUCCESSFUL",
    )
    assert "circuit breaker" in rolled_back["serviceDeployments"][0]["statusReason"]
    assert platform.running("web")["taskArn"] == before["taskArn"]


def test_a_missing_image_cannot_be_pulled(platform):
    platform.register("web", "nowhere:1")
    arn = platform.run("web")

    task = eventually(
        lambda: platform.task(arn), lambda t: t["lastStatus"] == "STOPPED"
    )

    assert task["stoppedReason"].startswith("CannotPullContainerError")
    assert "nowhere:1" in task["stoppedReason"]


def test_a_missing_command_fails_as_in_a_container(platform):
    platform.register("web", "web:1", command=["no-such-command"])
    arn = platform.run("web")

    task = eventually(
        lambda: platform.task(arn), lambda t: t["lastStatus"] == "STOPPED"
    )

    assert task["containers"][0]["exitCode"] == 127
    assert platform.output("web", arn) == [
        "exec no-such-command: No such file or directory"
    ]


def test_a_missing_state_directory_prevents_the_start_of_a_task(platform, tmp_path):
    tmp_path.rmdir()
    platform.register("web", "web:1", workingDirectory="/app")
    arn = platform.run("web")

    task = eventually(
        lambda: platform.task(arn), lambda t: t["lastStatus"] == "STOPPED"
    )

    assert task["stoppedReason"].startswith("CannotStartContainerError")


def test_a_process_that_ignores_sigterm_is_killed_after_its_stop_timeout(platform):
    platform.register("web", "stubborn:1")
    arn = platform.run("web")
    eventually(lambda: platform.task(arn), lambda t: t["lastStatus"] == "RUNNING")
    eventually(lambda: platform.output("web", arn), lambda lines: lines == ["ready"])

    platform.ecs.stop_task(cluster="c", task=arn)

    task = eventually(
        lambda: platform.task(arn), lambda t: t["lastStatus"] == "STOPPED"
    )
    assert task["containers"][0]["exitCode"] == 137
    assert (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() >= 2


def test_a_service_whose_check_fails_is_unhealthy(platform):
    closed = [*CHECK["command"][:-1], "http://localhost:8002/"]
    check = {"command": closed, "interval": 1, "retries": 1, "timeout": 2}
    platform.register("web", "web:1", healthCheck=check)
    arn = platform.run("web")

    task = eventually(
        lambda: platform.task(arn), lambda t: t["healthStatus"] != "UNKNOWN"
    )

    assert task["healthStatus"] == "UNHEALTHY"


def test_a_shell_check_runs_with_the_tasks_environment(platform):
    check = {"command": ["CMD-SHELL", 'test "$RELEASE" = 2'], "interval": 1}
    platform.register("web", "web:2", healthCheck=check)
    arn = platform.run("web")

    eventually(lambda: platform.task(arn), lambda t: t["healthStatus"] == "HEALTHY")


SUPERVISOR = """
import sys
from contextlib import closing
from pathlib import Path
from threading import Event
from datetime import UTC, datetime
from controller.emulation.ecs.runtime import ContainerLaunch, Launch
from controller.emulation.runtimes.images import ImageCommand
from controller.emulation.runtimes.processes import ProcessRuntime

command = ("/bin/sh", "-c", "sleep 600 & sleep 600")
runtime = ProcessRuntime({"x": ImageCommand(command=command)}, Path("/tmp"))
now = datetime(2026, 1, 1, tzinfo=UTC)
runtime.start(Launch("t", "127.64.9.9", (ContainerLaunch("app", "x"),)), now)
print(runtime.process_ids("t")["app"], flush=True)
Event().wait()
"""


def test_tasks_and_their_children_die_with_a_killed_supervisor():
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], stdout=subprocess.PIPE, text=True
    )
    with supervisor:
        group = int(supervisor.stdout.readline())
        eventually(lambda: members(group), lambda found: len(found) == 3)

        supervisor.kill()

        eventually(lambda: members(group), lambda found: found == [])


def members(group):
    """Return the processes of a group that are alive."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and is_alive(entry.name):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == group:
                found.append(entry.name)
    return found


def test_two_platforms_on_one_machine_share_no_address():
    one, two = TaskAddresses(), TaskAddresses()
    with closing(one), closing(two):
        addresses = {one.allocate(), one.allocate(), two.allocate(), two.allocate()}

    assert len(addresses) == 4
