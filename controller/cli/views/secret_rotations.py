"""Views of the rotation of a signing secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.tables import markdown
from controller.core.values.utc_text import utc_text
from controller.core.webhooks.rotation import RotationStage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.app.secret_rotation import RotationResult

_GOALS = {
    RotationStage.STAGED: "The next secret is stored with AWSPENDING, and signs second.",
    RotationStage.CANARY: "A ping that only the next secret signs is sent.",
    RotationStage.PROMOTED: "AWSCURRENT moves to the next secret, which signs first.",
    RotationStage.RETIRED: "The previous secret signs no more.",
}


def intention(name: str, goal: RotationStage | None) -> str:
    """Return a sentence about what the command does; None for a step back."""
    if goal is None:
        return f"webhook/{name}: the last stage of the rotation is taken back."
    return f"webhook/{name}: rotation up to the stage {goal.value}. {_GOALS[goal]}"


def abortion(name: str) -> str:
    """Return a sentence about what the end of a rotation does."""
    return (
        f"webhook/{name}: the rotation is ended. The version with AWSCURRENT signs "
        "alone; AWSCURRENT is not moved."
    )


def next_words(result: RotationResult) -> Sequence[str]:
    """Return the words of the command for the next stage; none if there is none."""
    rotation = result.rotation
    command = f'webhooks rotate {rotation.target} --reason "…"'
    match rotation.stage:
        case RotationStage.STAGED | RotationStage.CANARY:
            return (command,)
        case RotationStage.PROMOTED:
            return (f'webhooks rotate {rotation.target} --step-back --reason "…"',)
        case _:
            return ()


def render_rotation(
    result: RotationResult, output: str, further: Sequence[str], read_secret: str
) -> str:
    """Return the stage of the rotation, and what to do next.

    Args:
        result: Result of the command.
        output: Format.
        further: Complete commands for the next stage.
        read_secret: Command that prints the next secret.
    """
    match output:
        case "json":
            return as_json(_data(result))
        case "yaml":
            return as_yaml(_data(result))
        case "markdown":
            rows = [(name, str(value)) for name, value in _data(result).items()]
            return "\n".join(markdown(("field", "value"), rows[2:]))
        case _:
            return _text(result, further, read_secret)


def _text(result: RotationResult, further: Sequence[str], read_secret: str) -> str:
    lines = [_sentence(result)]
    if result.problem:
        problem = result.problem.rstrip(".")
        lines = [f"Not reached: {problem}.", *lines]
    if result.rotation.stage is RotationStage.STAGED and read_secret:
        lines += [
            "",
            "Give the receiver the next secret in addition to the current one:",
        ]
        lines += [f"  {read_secret}"]
    if further:
        word = _next_title(result.rotation.stage)
        lines += ["", word, *(f"  {command}" for command in further)]
    return "\n".join(lines)


def _next_title(stage: RotationStage) -> str:
    match stage:
        case RotationStage.STAGED:
            return "Then test it, with a ping that only the next secret signs:"
        case RotationStage.CANARY:
            return "To let the next secret sign first:"
        case _:
            return "To step back:"


_AFTER_PROMOTION = frozenset(
    {RotationStage.PROMOTING, RotationStage.PROMOTED, RotationStage.REVERTING}
)


def _sentence(result: RotationResult) -> str:
    rotation = result.rotation
    name = f"webhook/{rotation.target}"
    match rotation.stage:
        case RotationStage.STAGED:
            back = "stepped back; AWSCURRENT is the earlier secret again, "
            word = back if result.before in _AFTER_PROMOTION else ""
            return f"{name}: {word}staged. The current secret signs first; the next, second."
        case RotationStage.CANARY:
            return f"{name}: canary. The receiver accepts the next secret."
        case RotationStage.PROMOTED:
            until = utc_text(rotation.retires) if rotation.retires else "its end"
            return (
                f"{name}: promoted. The next secret signs first; the previous one, "
                f"second until {until}."
            )
        case RotationStage.RETIRED:
            return f"{name}: retired. Only the current secret signs."
        case RotationStage.CANCELLED:
            return f"{name}: cancelled. Only the current secret signs."
        case RotationStage.PROMOTING | RotationStage.REVERTING:
            return f"{name}: AWSCURRENT is being moved."


def _data(result: RotationResult) -> dict[str, object]:
    rotation = result.rotation
    retires = rotation.retires
    return {
        "kind": "SecretRotation",
        "formatVersion": FORMAT_VERSION,
        "target": rotation.target,
        "stage": rotation.stage.value,
        "before": None if result.before is None else result.before.value,
        "old_version": rotation.old_version,
        "new_version": rotation.new_version,
        "retires": None if retires is None else retires.isoformat(),
        "problem": result.problem or rotation.problem,
    }
