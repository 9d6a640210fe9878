"""Promotion of model versions: the version that an alias should point to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from controller.core.models.gates import GateResult
from controller.core.models.registration import ModelVersion


@dataclass(frozen=True, slots=True)
class RejectedVersion:
    """A version that fails at least one gate.

    Attributes:
        number: Number of the version.
        failed: Gates that it fails.
    """

    number: int
    failed: tuple[GateResult, ...]

    def __str__(self) -> str:
        return f"version {self.number} fails: {'; '.join(map(str, self.failed))}"


@dataclass(frozen=True, slots=True)
class PromotionDecision:
    """Decision on one alias.

    Attributes:
        target: Version that the alias should point to; None if there is none.
        rejected: Versions that are newer than the target and fail, newest first.
    """

    target: int | None
    rejected: tuple[RejectedVersion, ...] = ()


def promotion(
    candidates: Iterable[ModelVersion],
    current: int | None,
    judge: Callable[[ModelVersion], Sequence[GateResult]],
) -> PromotionDecision:
    """Return the newest candidate that passes, or the current version.

    The alias never moves to an older version because a newer one fails.

    Args:
        candidates: Versions that the policy allows.
        current: Version that was promoted last; None if there was none.
        judge: Returns the results of all gates for a version.
    """
    rejected: list[RejectedVersion] = []
    for version in sorted(candidates, key=lambda v: -v.number):
        if current is not None and version.number <= current:
            break
        failed = tuple(result for result in judge(version) if not result.passes)
        if not failed:
            return PromotionDecision(version.number, tuple(rejected))
        rejected.append(RejectedVersion(version.number, failed))
    return PromotionDecision(current, tuple(rejected))
