"""Driver for a backend that is not configured: every observation is unknown."""

from collections.abc import Mapping
from typing import Any, NoReturn

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import PermanentError
from controller.core.planning.preflight import PreflightDriver, Resources, Results
from controller.core.resources.driver import Applied, Progressing
from controller.core.resources.observation import Observation, Unknown
from controller.core.resources.plan import Action


class UnavailableDriver:
    """Substitute for a driver whose backend is not configured."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def observe(
        self, declared: Mapping[ResourceId, Resource[Any]]
    ) -> Mapping[ResourceId, Observation]:
        """Return ``Unknown`` with the reason for all of ``declared``."""
        return {id_: Unknown(self._reason) for id_ in declared}

    def apply(self, action: Action) -> Applied | Progressing:
        """Raise PermanentError: nothing is planned on an unknown resource."""
        _refuse(f"{action.target}: {self._reason}")


class InspectingUnavailableDriver(UnavailableDriver):
    """The same, for a kind with preflight checks that do not need the backend."""

    def __init__(self, reason: str, inspector: PreflightDriver) -> None:
        super().__init__(reason)
        self._inspector = inspector

    def inspect(self, resources: Resources) -> Results:
        """Return the results of the preflight checks."""
        return self._inspector.inspect(resources)


def _refuse(message: str) -> NoReturn:
    raise PermanentError(message)
