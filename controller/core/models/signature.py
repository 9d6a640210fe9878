"""Signature of a model version: the inputs that it accepts.

See "Model Signature" in MLflow's documentation. MLflow drops inputs that a model does
not name, so that a version may accept fewer columns than the version before it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from controller.core.values.identity import canonical_json


@dataclass(frozen=True, slots=True)
class ModelInput:
    """One column or tensor that a model accepts.

    Attributes:
        name: Name; the position, as in ``[0]``, if it has none.
        type: Type, as canonical JSON.
        required: True if a request must contain it.
    """

    name: str
    type: str
    required: bool


@dataclass(frozen=True, slots=True)
class ModelSignature:
    """The inputs that a model version accepts."""

    inputs: tuple[ModelInput, ...]


@dataclass(frozen=True, slots=True)
class UnreadableSignature:
    """A signature that is missing or cannot be read, with the reason."""

    reason: str


Signature: TypeAlias = ModelSignature | UnreadableSignature


def signature_of(inputs: str) -> Signature:
    """Return the signature with the ``inputs`` of an MLmodel file, which are JSON."""
    try:
        found = [_input(number, item) for number, item in enumerate(json.loads(inputs))]
    except (ValueError, TypeError, AttributeError, KeyError):
        return UnreadableSignature("its signature is not a list of inputs")
    return ModelSignature(tuple(found))


def incompatibility(current: Signature, candidate: Signature) -> str:
    """Return the first reason why ``candidate`` cannot replace ``current``, or "".

    Each input that the candidate requires must be required by the current version,
    and inputs of the same name must have the same type.
    """
    if isinstance(current, UnreadableSignature):
        return f"unknown: of the current version, {current.reason}"
    if isinstance(candidate, UnreadableSignature):
        return f"unknown: {candidate.reason}"
    return next(_incompatibilities(current, candidate), "")


def _incompatibilities(
    current: ModelSignature, candidate: ModelSignature
) -> Iterator[str]:
    before = {one.name: one for one in current.inputs}
    for one in candidate.inputs:
        known = before.get(one.name)
        if known is not None and known.type != one.type:
            yield f"{one.name} is {one.type}, not {known.type}"
        elif one.required and (known is None or not known.required):
            yield f"{one.name} is required"


def _input(number: int, item: dict[str, Any]) -> ModelInput:
    kind = {k: v for k, v in item.items() if k not in {"name", "required", "optional"}}
    # MLflow before 2.10 wrote `optional` in place of `required`.
    required = item.get("required", not item.get("optional", False))
    type_ = item["type"]
    if kind.keys() != {"type"}:
        type_ = canonical_json(kind)
    return ModelInput(str(item.get("name", f"[{number}]")), str(type_), bool(required))
