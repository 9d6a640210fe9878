"""Interventions that a running controller carries out, since it holds the lease."""

from datetime import timedelta
from pathlib import Path

import pytest

from controller.app.apply import applying
from controller.app.session import read
from controller.app.user import person
from controller.bootstrap.store import open_store
from controller.cli import main
from controller.clients.clock import SystemClock
from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Action, Reason, Verb
from controller.emulation.runtimes.scripted import Script
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.journal import IntentJournal
from tests.builders.running_controller import running
from tests.builders.waiting import eventually

CREATE = Action(ResourceId("service", "api"), Verb.CREATE, Reason.MISSING)
WHY = ("--reason", "it does not answer", "--yes")
API = "t-api-development"


def audited(folder, action):
    """Return author, origin and reason of the audit rows of one operation."""
    database = Database(f"sqlite:///{folder}/store.db", SystemClock())
    found = [record.entry for record in AuditLog(database).records()]
    database.close()
    return [(e.actor, e.via, e.reason) for e in found if e.action == action]


def ids(world):
    return {d["id"] for d in world.service(API)["deployments"]}


@pytest.mark.usefixtures("world", "here")
def test_an_unfinished_action_of_a_dead_process_is_closed_first():
    context = read(Path("hokusai.yaml"), None)
    dead = open_store(context.settings, SystemClock(), upgrade=True)
    dead.memory.started(CREATE)

    with applying(context, largest_backlog=0):
        left = IntentJournal(dead.database).unfinished()

    dead.database.close()
    assert left == ()


def test_a_restart_is_carried_out_by_the_holder_of_the_lease(world, here, capsys):
    assert main(["apply", "--yes"]) == 0
    before = ids(world)

    with running(here):
        eventually(lambda: main(["apply", "--yes"]) == 2, within=30)
        capsys.readouterr()
        restarted = main(["restart", "service/api", *WHY])
        again = main(["restart", "service/api", *WHY])

    told = capsys.readouterr()
    assert restarted == 0, told.err
    assert again == 2
    assert "restart of service/api refused" in told.err
    assert audited(here, "restart") == [(person(), "command", "it does not answer")]
    assert ids(world).isdisjoint(before)


def test_a_retry_is_followed_while_the_holder_of_the_lease_rolls_it_out(
    world, here, capsys
):
    assert main(["apply", "--yes"]) == 0
    crashes = Script(exits_after=timedelta(0), exit_code=1)
    world.runtime.scripts["web:3"] = crashes
    world.edit('api:\n    image: "web:1"', 'api:\n    image: "web:3"')
    assert main(["apply", "--yes"]) == 1
    world.runtime.scripts.pop("web:3")

    with running(here):
        eventually(lambda: main(["apply", "--yes"]) == 2, within=30)
        capsys.readouterr()
        retried = main(["retry", "service/api", *WHY])

    assert retried == 0, capsys.readouterr().err
    assert world.service(API)["taskDefinition"].endswith(":2")
