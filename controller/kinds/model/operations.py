"""Requested operations on a model: approvals, and rollbacks of aliases.

The argument of a rollback is ``ALIAS:VERSION``. A negative number counts versions
back, and an empty alias is the only declared one; both are resolved against the
observed state before the request is recorded.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from controller.core.errors import RefusedError
from controller.core.models.alias_record import AliasRecord, alias_records
from controller.core.models.registration import ModelVersion, ready_originals
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.core.values.counts import counted
from controller.kinds.model.alias_policy import entry_hash
from controller.kinds.model.promotion import earlier_versions, requires_approvals
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState

_LONGEST_REASON = 256


def resolved_request(
    verb: Verb, request: OperationRequest, spec: ModelSpec, state: ModelState
) -> OperationRequest:
    """Return ``request`` with the alias and the version that it means.

    Safe to repeat: a resolved request means itself.

    Raises:
        RefusedError: The document or the registry has no such alias or version.
    """
    match verb:
        case Verb.ROLL_BACK:
            name, _, number = request.wanted.rpartition(":")
            alias = _declared_alias(name, spec)
            version = _version(alias, number, spec, state)
            return replace(request, wanted=f"{alias}:{version}")
        case Verb.RESUME:
            return replace(request, wanted=_declared_alias(request.wanted, spec))
        case _:
            return request


def refusal(
    verb: Verb,
    request: OperationRequest,
    spec: ModelSpec,
    state: ModelState,
    _now: datetime,
) -> str:
    """Return the reason to refuse a resolved request; empty to allow it."""
    match verb:
        case Verb.APPROVE:
            return _refuses_approval(request.wanted, spec, state)
        case Verb.ROLL_BACK:
            alias, number = rollback_of(request)
            return _refuses_rollback(alias, number, spec, state)
        case Verb.RESUME if not _is_held(request.wanted, spec, state):
            return f"no rollback holds alias {request.wanted}"
        case Verb.RESUME:
            return ""
        case _:
            return f"its kind does not support `{verb}`"


def result_so_far(
    verb: Verb, request: OperationRequest, _spec: ModelSpec, state: ModelState
) -> str:
    """Return a sentence if the request was fulfilled earlier; else nothing."""
    if verb is not Verb.APPROVE or not request.wanted.isdecimal():
        return ""
    found = state.approvals.get(int(request.wanted))
    if found is None:
        return ""
    return f"Version {request.wanted} is approved already, by {found}"


def rollback_of(request: OperationRequest) -> tuple[str, int]:
    """Return the alias and the version of a resolved rollback."""
    alias, _, number = request.wanted.rpartition(":")
    return alias, int(number)


def records_after(
    verb: Verb, request: OperationRequest, spec: ModelSpec, state: ModelState
) -> dict[str, AliasRecord]:
    """Return the records of all aliases after a rollback or its end."""
    records = alias_records(state.tags)
    if verb is Verb.ROLL_BACK:
        alias, number = rollback_of(request)
        before = state.aliases.get(alias, number)
        known = records.get(alias) or AliasRecord(before)
        held = entry_hash(spec.aliases[alias])
        by = str(request)[:_LONGEST_REASON]
        return {**records, alias: known.rolled_back_to(number, held, by)}
    alias = request.wanted
    return {**records, alias: records[alias].released()}


def version_numbered(text: str, state: ModelState) -> ModelVersion | None:
    """Return the version with the number in ``text``; None if there is none."""
    numbered = {str(version.number): version for version in state.versions}
    return numbered.get(text)


def _declared_alias(name: str, spec: ModelSpec) -> str:
    declared = ", ".join(spec.aliases)
    if not spec.aliases:
        msg = f"model/{spec.key} declares no alias"
        raise RefusedError(msg)
    if not name and len(spec.aliases) > 1:
        msg = (
            f"model/{spec.key} has several aliases: add --alias with one of {declared}"
        )
        raise RefusedError(msg)
    if name and name not in spec.aliases:
        msg = f"model/{spec.key} has no alias {name}: it declares {declared}"
        raise RefusedError(msg)
    return name or next(iter(spec.aliases))


def _version(alias: str, text: str, spec: ModelSpec, state: ModelState) -> int:
    """Return the version number that ``text`` means for ``alias``."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    steps = text.removeprefix("-")
    if not text.startswith("-") or not steps.isdecimal() or not int(steps):
        msg = f"{steps} is not a version: write 1, 2 ... or :7"
        raise RefusedError(msg)
    earlier = earlier_versions(spec, alias, state)
    if int(steps) <= len(earlier):
        return earlier[int(steps) - 1]
    if not earlier:
        msg = (
            f"no earlier version of alias {alias} is known to roll back to: name a "
            "version, as in --to :7"
        )
        raise RefusedError(msg)
    msg = (
        f"cannot roll back {counted(int(steps), 'version')}: earlier versions of alias "
        f"{alias}: {_listed(earlier)}"
    )
    raise RefusedError(msg)


def _refuses_approval(number: str, spec: ModelSpec, state: ModelState) -> str:
    version = version_numbered(number, state)
    if version is None:
        known = sorted(version.number for version in state.versions)
        return f"version {number} does not exist: {_existing(known)}"
    if not requires_approvals(spec):
        return (
            "no alias requires an approval: declare `approval: required` under "
            "`aliases.NAME.gates`"
        )
    return ""


def _refuses_rollback(
    alias: str, number: int, spec: ModelSpec, state: ModelState
) -> str:
    ready = {version.number for version in ready_originals(state.versions)}
    if number not in ready:
        known = sorted(ready)
        return f"version {number} does not exist or is not ready: {_existing(known)}"
    current = state.aliases.get(alias)
    if current is None:
        return f"alias {alias} is not set"
    if current == number and _is_held(alias, spec, state):
        return f"alias {alias} is held at version {number} already"
    if current == number:
        return f"alias {alias} is at version {number} already"
    if number > current:
        return (
            f"version {number} is newer than version {current}, at which alias {alias} "
            "is; end an earlier rollback with --undo"
        )
    return ""


def _is_held(alias: str, spec: ModelSpec, state: ModelState) -> bool:
    record = alias_records(state.tags).get(alias)
    return record is not None and record.held == entry_hash(spec.aliases[alias])


def _existing(numbers: Sequence[int]) -> str:
    if not numbers:
        return "there are no versions"
    return f"the versions are {_listed(numbers[-20:])}"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
