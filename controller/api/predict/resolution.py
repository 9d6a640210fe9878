"""ModelResolution of references to versions, from the view of the registry that exists.

Requests never wait for MLflow while a recent view is known: it is renewed in the
background.
"""

import asyncio
from dataclasses import dataclass

from controller.api.models.listing import Models, ModelSource, VersionSummary
from controller.api.models.selection import Referred, referred
from controller.core.clock import Clock
from controller.core.errors import DriverError
from controller.core.predictions.readiness import VersionKey

PRODUCTION = "production"
_RENEWED_AFTER = 2.0
_OLDEST = 15.0


@dataclass(frozen=True, slots=True)
class Target:
    """A version to predict with.

    Attributes:
        model_id: Id of the model on the platform.
        model: Name of the model in MLflow.
        key: Version; None if the model has none that fits.
        reference: Reference that may move to another version; empty for a number.
        is_exact: True if a version or an alias was named.
    """

    model_id: str
    model: str
    key: VersionKey | None
    reference: str
    is_exact: bool


class ModelResolution:
    """The versions that references name now.

    Args:
        models: Registered models.
        clock: Measures the age of the view.
    """

    def __init__(self, models: ModelSource, clock: Clock) -> None:
        self._models = models
        self._clock = clock
        self._view: Models | None = None
        self._at = 0.0
        self._renewal: asyncio.Task[None] | None = None
        self._targets: dict[tuple[str, int | None], Target | None] = {}

    async def target(self, reference: str, number: int | None = None) -> Target | None:
        """Return the version that a reference names; None if there is no such model.

        A reference without a version is its alias ``production``, else its newest
        version.

        Args:
            reference: Id, former id or name, with ``@ALIAS`` or ``:VERSION``.
            number: Number of the version, instead of that of the reference.

        Raises:
            TransientError: Nothing is known of the models yet.
        """
        await self._current_view()
        asked = (reference, number)
        if asked not in self._targets:
            self._targets[asked] = self._found(reference, number)
        return self._targets[asked]

    async def _current_view(self) -> None:
        now = self._clock.monotonic()
        if self._view is not None and now - self._at < _RENEWED_AFTER:
            return
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())
        if self._view is None or now - self._at > _OLDEST:
            await asyncio.shield(self._renewal)

    async def _renew(self) -> None:
        began = self._clock.monotonic()
        try:
            found = await self._models.models()
        except DriverError:
            if self._view is None:
                raise
            return
        self._at = began
        if self._view is None or found.models is not self._view.models:
            self._view, self._targets = found, {}

    def _found(self, reference: str, number: int | None) -> Target | None:
        models = self._view.models if self._view else ()
        named = referred(models, reference)
        if named is None:
            return None
        version, moving = _version(named, number)
        model = named.model
        return Target(
            model.model_id,
            model.name,
            _key(model.name, version) if version else None,
            f"{model.name}@{reference}" if moving else "",
            named.is_exact or number is not None,
        )


def _version(named: Referred, number: int | None) -> tuple[VersionSummary | None, bool]:
    """Return the version, and True if another one may have its reference later."""
    versions = named.model.versions
    if number is not None:
        found = next((v for v in versions if v.number == number), None)
        return found, False
    if named.is_exact:
        return named.version, True
    produced = next((v for v in versions if PRODUCTION in v.aliases), None)
    ready = next((v for v in versions if v.status == "READY"), None)
    return produced or ready, True


def _key(model: str, version: VersionSummary) -> VersionKey:
    return VersionKey(model, version.number, version.created_at)
