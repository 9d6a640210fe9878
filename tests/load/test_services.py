"""What looking at many services costs, and what peers take for the same."""

import subprocess
import time
from collections import Counter

import pytest

from controller.app.session import Session
from controller.bootstrap.controller import Controller
from controller.kinds import discover
from controller.settings import Settings
from tests.fakes.stage import ROOT, stage
from tests.load import services
from tests.load.figures import typical
from tests.load.hokusai import Hokusai
from tests.load.services import Emulator, spent

pytestmark = pytest.mark.load
MANY, SOME = 500, 50
PEERS = ROOT / ".venv-peers" / "bin"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """Yield a platform on which so many services are as declared."""
    folder = tmp_path_factory.mktemp("fleet")
    files = {n: services.write(folder / str(n), n) for n in (1, SOME, MANY)}
    with stage(folder, files[MANY], "development") as variables:
        for file in files.values():
            services.make_true(file, variables)
        yield files, variables


@pytest.fixture(autouse=True)
def _credentials(fleet, monkeypatch):
    for name, value in fleet[1].items():
        monkeypatch.setenv(name, value)


def controller(file, variables):
    document = services.read(file)
    settings = Settings.read(variables)
    context = Session(document, settings, variables, discover())
    return Controller(context.document, settings, variables, context.kinds, light=True)


def timed(work, clock):
    began = clock()
    work()
    return clock() - began


def test_five_hundred_services_are_looked_at_in_fifty_calls(fleet, figures):
    files, variables = fleet
    looking = controller(files[MANY], variables)
    desired = looking.desired()
    looking.plan(desired)
    before = Counter(looking.aws.counts)

    plans = []
    cpu = typical(
        lambda: timed(lambda: plans.append(looking.plan(desired)), time.process_time), 3
    )

    asked = Counter(looking.aws.counts) - before
    looking.close()
    assert all(plan.in_sync for plan in plans)
    calls = asked["ecs:DescribeServices"] / len(plans)
    figures.note(f"configuration calls for {MANY} services", calls, 50, "calls")
    figures.note(f"looking at {MANY} services, own CPU", cpu, 1.0, "s")


def test_a_pass_over_fifty_services_with_nothing_to_do(fleet, figures):
    files, variables = fleet
    looking = controller(files[SOME], variables)
    desired = looking.desired()
    looking.reconcile(desired)

    results = []
    wall = typical(
        lambda: timed(
            lambda: results.append(looking.reconcile(desired)), time.monotonic
        )
    )

    looking.close()
    assert all(not result.outcomes for result in results)
    figures.note(f"no-op pass over {SOME} services, wall time", wall, 0.5, "s")


@pytest.mark.parametrize("count", [1, SOME])
def test_finding_nothing_to_do_beside_peers(fleet, figures, count):
    files, variables = fleet
    emulator = Emulator(variables)
    ours = Hokusai(files[count], variables)

    def measured(run):
        before = emulator.calls()
        wall = timed(run, time.monotonic)
        return wall, spent(before, emulator.calls())

    diff = ours.command("diff", "--without-store")
    wall, calls = measured(lambda: run(diff, ours.environ))
    for peer, commands in peers(count).items():
        peer_wall, peer_calls = measured(
            lambda commands=commands: [run(c, ours.environ) for c in commands]
        )
        what = f"no-op of {count} beside {peer}"
        figures.note(f"{what}, wall time", wall, peer_wall, "s", peer)
        figures.note(f"{what}, calls to ECS", calls, peer_calls, "calls", peer)


def peers(count):
    """Return what people run with other tools to see, or make sure of, the same."""
    cluster = f"fleet{count}-development"
    names = [f"fleet{count}-worker-{n:03}-development" for n in range(count)]
    aws = (str(PEERS / "aws"), "--region", "us-east-1", "ecs")
    looks = [
        (
            *aws,
            "describe-services",
            "--cluster",
            cluster,
            "--services",
            *names[i : i + 10],
        )
        for i in range(0, count, 10)
    ]
    looks += [(*aws, "describe-task-definition", "--task-definition", n) for n in names]
    deploy = (
        str(PEERS / "ecs"),
        "deploy",
        "--region",
        "us-east-1",
        "--sleep-time",
        "0",
    )
    return {
        "awscli": looks,
        "ecs-deploy": [(*deploy, cluster, name) for name in names],
    }


def run(command, environ):
    """Run one command to its end."""
    ran = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
