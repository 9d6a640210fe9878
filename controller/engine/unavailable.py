"""A driver for what cannot be looked at here; everything it is asked is unknown."""

from collections.abc import Mapping
from typing import Any, NoReturn

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.resources.driver import Applied, Progressing
from controller.core.resources.observation import Observation, Unknown
from controller.core.resources.plan import Action


class UnavailableDriver:
    """Stands in for a driver whose backend is not configured."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return unknown for all of ``declared``, and why."""
        return {id_: Unknown(self._reason) for id_ in declared}

    def apply(self, action: Action) -> Applied | Progressing:
        """Refuse: nothing is planned on what is unknown."""
        _refuse(f"{action.target}: {self._reason}")


def _refuse(message: str) -> NoReturn:
    raise PermanentError(message)
