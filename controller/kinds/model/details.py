"""Details of a model: its versions, and the runs it selects from."""

from collections.abc import Iterator
from datetime import UTC, datetime

from controller.core.models.registration import DUPLICATE_TAG, VALUE_TAG
from controller.core.resources.cost import Cost
from controller.core.resources.details import DetailSection, Row
from controller.core.resources.plan import Action, Reason, Verb
from controller.core.values.utc_text import utc_text
from controller.kinds.model.promotion import alias_decisions
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState

SHOWN = 10

_VERSION = ("version", "status", "created", "aliases", "value", "run", "duplicate of")
_GATE = ("alias", "version", "gate", "value", "required")
_RUN = ("experiment", "run", "started", "metric", "value", "has a model")


def details(spec: ModelSpec, state: ModelState) -> tuple[DetailSection, ...]:
    """Return the newest versions, the gates that they fail, and the best runs."""
    return (
        DetailSection("versions", _VERSION, tuple(_versions(state))[:SHOWN]),
        DetailSection("failed gates", _GATE, tuple(_gates(spec, state))),
        DetailSection("runs", _RUN, tuple(_runs(spec, state))),
    )


def cost(action: Action) -> Cost:
    """Return one call per change, and one for the tag of the applied generation."""
    if action.verb is Verb.CREATE:
        return Cost(1, 0, 1)
    stamps = int(action.reason is not Reason.DRIFTED)
    return Cost(len(action.changes) + stamps, 0, 1)


def _versions(state: ModelState) -> Iterator[Row]:
    for version in sorted(state.versions, key=lambda v: -v.number):
        named = sorted(a for a, n in state.aliases.items() if n == version.number)
        yield (
            version.number,
            version.status,
            _time(version.created_ms),
            ", ".join(named),
            version.tags.get(VALUE_TAG, ""),
            version.run_id,
            version.tags.get(DUPLICATE_TAG, ""),
        )


def _gates(spec: ModelSpec, state: ModelState) -> Iterator[Row]:
    """Yield the gates that newer versions fail, the newest version first."""
    for decision in alias_decisions(spec, state):
        for rejected in decision.rejected[:SHOWN]:
            for gate in rejected.failed:
                alias, number = decision.alias, rejected.number
                yield alias, number, gate.name, gate.value, gate.limit


def _runs(spec: ModelSpec, state: ModelState) -> Iterator[Row]:
    """Yield the best runs of each selection, best first."""
    for version in spec.versions:
        select = version.select
        if select is None:
            continue
        # Two selections from one experiment have their runs together.
        found = {run.id: run for run in state.runs.get(select.experiment, ())}
        best_first = sorted(
            (run for run in found.values() if select.metric in run.metrics),
            key=lambda run: run.metrics[select.metric],
            reverse=select.mode == "max",
        )
        for run in best_first[:SHOWN]:
            value = run.metrics[select.metric]
            started = _time(run.started_ms)
            has_model = "yes" if run.source else "no"
            yield select.experiment, run.id, started, select.metric, value, has_model


def _time(milliseconds: int) -> str:
    return utc_text(datetime.fromtimestamp(milliseconds / 1000, UTC))
