"""A controller that only looks: for ``diff`` and whatever else must not write."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from controller.app.session import Session
from controller.bootstrap.controller import Controller
from controller.bootstrap.drivers import Options
from controller.bootstrap.store_file import opened_database, store_is_there
from controller.clients.aws.retrying import POLICY
from controller.clients.clock import SystemClock
from controller.core.rates.retry import RetryPolicy

# What lives in the store only.
STORED_KINDS = frozenset({"webhook"})


@contextmanager
def looking(
    context: Session, *, without_store: bool, patience: RetryPolicy = POLICY
) -> Iterator[tuple[Controller, frozenset[str]]]:
    """Yield a controller, and the kinds that were to be left out.

    A SQLite store that was never made is no store: looking makes none.
    """
    with ExitStack() as closing:
        stored = None
        if not without_store and store_is_there(context.settings):
            from controller.bootstrap.store import open_store

            stored = open_store(
                context.settings, SystemClock(), upgrade=False, read_only=True
            )
            closing.callback(stored.database.close)
        controller = Controller(
            context.document,
            context.settings,
            context.environ,
            context.kinds,
            stored=stored,
            wishes=Options(
                permitted=lambda: False, without_store=without_store, thorough=False
            ),
            light=True,
            patience=patience,
        )
        closing.callback(controller.close)
        yield controller, STORED_KINDS if without_store else frozenset()


def deliveries_to_cancel(context: Session) -> Mapping[str, int]:
    """Return the number of deliveries that the next pass cancels, by webhook target.

    They are pending, and their target left the document. Reads only.
    """
    resources = context.document.resources
    if not resources or not store_is_there(context.settings):
        return {}
    from controller.store.redrive import DeliveryRequests

    declared = [id_.name for id_ in resources if id_.kind == "webhook"]
    with opened_database(context.settings, read_only=True) as database:
        return DeliveryRequests(database).pending_undeclared(declared)
