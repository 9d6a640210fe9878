"""A pass that finds nothing to do: what it asks, and that it writes nothing."""

import pytest
from sqlalchemy import event

from controller.app.session import read
from controller.bootstrap.controller import Controller
from controller.bootstrap.store import open_store
from controller.clients.clock import SystemClock

pytestmark = pytest.mark.load


def test_a_pass_with_nothing_to_do_writes_nothing(converged, figures, monkeypatch):
    for name, value in converged.environ.items():
        monkeypatch.setenv(name, value)
    context = read(converged.file, None)
    stored = open_store(context.settings, SystemClock(), upgrade=False)
    controller = Controller(
        context.document,
        context.settings,
        context.environ,
        context.kinds,
        stored=stored,
    )
    desired = controller.desired()
    # What settles with this process's own first look, such as who is waited for.
    controller.reconcile(desired)
    looked, statements = controller.spent(), []
    engine = stored.database._engine

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_connection, _cursor, statement, *_):
        statements.append(statement.partition(" ")[0].upper())

    result = controller.reconcile(desired)

    spent = controller.spent()
    controller.close()
    stored.database.close()
    calls = spent.times - looked.times
    assert not result.plan.actions
    assert spent.writes == looked.writes
    assert set(statements) <= {"BEGIN", "SELECT"}
    figures.note("calls of a pass at rest", calls, len(desired), "calls", "resources")
