"""Differences between a declared and a registered model."""

from collections.abc import Iterator, Mapping

from controller.core.models.alias_record import AliasRecord, alias_records
from controller.core.models.approvals import APPROVED_TAG, approval_text
from controller.core.models.managed import managed_words
from controller.core.models.registration import (
    DUPLICATE_TAG,
    MODEL_ID_TAG,
    VALUE_TAG,
    duplicates,
    ready_originals,
    registered,
)
from controller.core.resources.plan import Change, Effect
from controller.kinds.model.promotion import alias_decisions, wanted_records
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState
from controller.kinds.model.versions import (
    measured,
    model_id,
    model_tags,
    requested_version,
)


def compare(spec: ModelSpec, state: ModelState) -> tuple[Change, ...]:
    """Return every field of ``spec`` that ``state`` does not match."""
    return (
        *_own_fields(spec, state),
        *removed_fields(spec, state),
        *_versions(spec, state),
        *_values(spec, state),
        *_aliases(spec, state),
        *_alias_records(spec, state),
        *_approvals(state),
    )


def _own_fields(spec: ModelSpec, state: ModelState) -> Iterator[Change]:
    if spec.description and spec.description != state.description:
        yield Change("description", state.description, spec.description)
    id_ = model_id(spec, state)
    if state.tags.get(MODEL_ID_TAG) != id_:
        yield Change(f"tags.{MODEL_ID_TAG}", state.tags.get(MODEL_ID_TAG), id_)
    for key, value in model_tags(spec).items():
        if state.tags.get(key) != value:
            yield Change(f"tags.{key}", state.tags.get(key), value)


def declared_words(spec: ModelSpec) -> frozenset[str]:
    """Return the paths of the removable fields that ``spec`` declares."""
    description = {"description"} if spec.description else set()
    tags = {f"tags.{key}" for key in model_tags(spec)}
    aliases = {f"aliases.{alias}" for alias in spec.aliases}
    return frozenset(description | tags | aliases)


def removed_fields(spec: ModelSpec, state: ModelState) -> Iterator[Change]:
    """Yield the fields that were declared earlier, no longer are, and still exist."""
    live = {
        "description": state.description,
        **{f"tags.{key}": value for key, value in state.tags.items()},
        **{f"aliases.{alias}": number for alias, number in state.aliases.items()},
    }
    for word in sorted(managed_words(state.tags) - declared_words(spec)):
        if live.get(word):
            yield Change(word, live[word], None)


def _versions(spec: ModelSpec, state: ModelState) -> Iterator[Change]:
    """Yield versions to register, tags that differ, and duplicates to tag."""
    for index, version in enumerate(spec.versions):
        want = requested_version(spec, version, state)
        if want is None:
            continue
        existing = registered(state.versions, want.hash)
        if existing is None:
            after = {"source": want.source, "run_id": want.run_id}
            yield Change(f"versions[{index}]", None, after)
            continue
        for key, value in want.tags.items():
            # The measured value is compared for all versions, by ``_values``.
            if key != VALUE_TAG and existing.tags.get(key) != value:
                path = f"versions[{index}].tags.{key}"
                yield Change(path, existing.tags.get(key), value)
    known = {version.number: version for version in state.versions}
    for number, original in duplicates(state.versions).items():
        before = known[number].tags.get(DUPLICATE_TAG)
        if before != str(original):
            path = f"duplicates.{number}"
            yield Change(path, before, str(original), Effect.COSMETIC)


def _values(spec: ModelSpec, state: ModelState) -> Iterator[Change]:
    """Yield versions whose tag does not record the value that their run logged."""
    for number, value in recorded_values(spec, state).items():
        before = next(
            v.tags.get(VALUE_TAG) for v in state.versions if v.number == number
        )
        if before != value:
            yield Change(f"values.{number}", before, value, Effect.COSMETIC)


def recorded_values(spec: ModelSpec, state: ModelState) -> dict[int, str]:
    """Return the measured value of each version that has one, as its tag."""
    return {
        version.number: str(found.value)
        for version in ready_originals(state.versions)
        if (found := measured(spec, state, version)).value is not None
    }


def unedited(change: Change) -> bool:
    """Return True for versions to register and tags that follow from them.

    Moves of aliases are told by their recorded positions.
    """
    return not change.path.startswith(("description", "tags."))


def positions(spec: ModelSpec, state: ModelState) -> Mapping[str, str]:
    """Return the version numbers of the declared aliases that exist."""
    return {
        alias: str(number)
        for alias, number in state.aliases.items()
        if alias in spec.aliases
    }


def _aliases(spec: ModelSpec, state: ModelState) -> Iterator[Change]:
    for decision in alias_decisions(spec, state):
        alias, number = decision.alias, decision.target
        if number is not None and state.aliases.get(alias) != number:
            yield Change(f"aliases.{alias}", state.aliases.get(alias), number)


def _alias_records(spec: ModelSpec, state: ModelState) -> Iterator[Change]:
    """Yield the records of aliases that differ."""
    known, wanted = alias_records(state.tags), wanted_records(spec, state)
    for alias in sorted(known.keys() | wanted.keys()):
        before, after = known.get(alias), wanted.get(alias)
        if before != after:
            path = f"alias_records.{alias}"
            yield Change(path, _version(before), _version(after), Effect.COSMETIC)


def _version(record: AliasRecord | None) -> str | None:
    if record is None:
        return None
    return f"{record.version}, held" if record.held else str(record.version)


def _approvals(state: ModelState) -> Iterator[Change]:
    """Yield versions whose tag does not show their stored approval."""
    for version in state.versions:
        approval = state.approvals.get(version.number)
        before = version.tags.get(APPROVED_TAG)
        if approval is not None and before != approval_text(approval):
            path = f"approvals.{version.number}"
            yield Change(path, before, approval_text(approval), Effect.COSMETIC)
