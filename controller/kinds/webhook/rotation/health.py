"""Condition and due change of the rotation of a signing secret."""

from controller.core.resources.condition import Truth, UndatedCondition
from controller.core.resources.plan import Change
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.rotation import RotationStage, SecretRotation
from controller.kinds.webhook.state import WebhookState

ROTATION = "secrets.rotation"
_REASONS = {
    RotationStage.STAGED: "Staged",
    RotationStage.CANARY: "CanaryAccepted",
    RotationStage.PROMOTING: "Promoting",
    RotationStage.PROMOTED: "Promoted",
    RotationStage.REVERTING: "SteppingBack",
    RotationStage.RETIRED: "Retired",
    RotationStage.CANCELLED: "Cancelled",
}


def rotation_change(state: WebhookState) -> Change | None:
    """Return the change of the stage that the controller makes by itself, if any."""
    if state.rotation is None or state.rotation_due is None:
        return None
    return Change(ROTATION, state.rotation.stage.value, state.rotation_due.value)


def rotation_condition(state: WebhookState) -> UndatedCondition | None:
    """Return the SecretRotated condition of a target whose secret was ever rotated."""
    rotation = state.rotation
    if rotation is None:
        return None
    reason = _REASONS[rotation.stage]
    message = f"{_sentence(rotation)}{_command(rotation)}"
    problem = rotation.problem.rstrip(".")
    if rotation.problem and rotation.stage is not RotationStage.CANCELLED:
        reason = "SteppedBack"
        message = f"{problem[0].upper()}{problem[1:]}. {message}"
        return UndatedCondition("SecretRotated", Truth.FALSE, reason, message)
    if rotation.stage is RotationStage.CANCELLED:
        return UndatedCondition(
            "SecretRotated",
            Truth.FALSE,
            reason,
            f"The rotation was cancelled: {problem}. The current secret signs.",
        )
    is_done = rotation.stage is RotationStage.RETIRED
    truth = Truth.TRUE if is_done else Truth.FALSE
    return UndatedCondition("SecretRotated", truth, reason, message)


def _sentence(rotation: SecretRotation) -> str:
    match rotation.stage:
        case RotationStage.STAGED:
            return "The current secret signs first; the next one, second."
        case RotationStage.CANARY:
            return "The receiver accepted a ping that only the next secret signed."
        case RotationStage.PROMOTING | RotationStage.REVERTING:
            return "AWSCURRENT is being moved."
        case RotationStage.PROMOTED:
            until = utc_text(rotation.retires) if rotation.retires else "its end"
            return (
                f"The next secret signs first; the previous one, second until {until}."
            )
        case _:
            at = utc_text(rotation.changed)
            return f"The previous secret was retired at {at}."


def _command(rotation: SecretRotation) -> str:
    if rotation.stage not in {RotationStage.STAGED, RotationStage.CANARY}:
        return ""
    word = "test" if rotation.stage is RotationStage.STAGED else "promote"
    command = f'hokusai webhooks rotate {rotation.target} --reason "…"'
    return f" To {word} the next secret: {command}"
