"""From where a command looks at a resource: from here, or from a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from controller.app.session import Session, address, chosen_targets

if TYPE_CHECKING:
    from controller.app.views.local_view import LocalView
    from controller.app.views.remote_view import RemoteView
    from controller.core.document.resource import ResourceId

Sight: TypeAlias = "LocalView | RemoteView"


def aimed(word: str, context: Session, server: str | None) -> ResourceId:
    """Return the address that ``word`` names; a server knows what it declares.

    Raises:
        RefusedError: it is no address, or nothing is declared there.
    """
    if server is not None:
        return address(word, context.kinds)
    (target,) = chosen_targets([word], context.document)
    return target


@contextmanager
def sight(context: Session, server: str | None) -> Iterator[Sight]:
    """Yield what looks; through ``server`` nothing is sent before it looks.

    Raises:
        RefusedError: AWS is not ours to ask.
    """
    # Each way imports what the other need not: AWS's library, or an HTTP client.
    if server is None:
        from controller.app.read_only import looking
        from controller.app.views.local_view import LocalView

        with looking(context, without_store=True) as (controller, _):
            yield LocalView(controller)
    else:
        from controller.app.remote_records import control_api

        with control_api(context, server) as api:
            from controller.app.views.remote_view import RemoteView

            yield RemoteView(api)
