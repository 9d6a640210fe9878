"""What is imported declares what runs: nothing differs, and no secret is shown."""

import json

from hypothesis import given
from hypothesis import settings as tried

from controller.core.values.identity import canonical_json
from controller.kinds.service.compare.diff import compare
from controller.kinds.service.importing.aws.importer import entry_of
from controller.kinds.service.render.fingerprint import declared_definition
from controller.spec.literals import looks_secret
from tests.laws.service_strategies import (
    PLATFORM,
    declarations,
    in_awss_words,
    names,
    seen,
    spec_of,
)


def imported(state):
    entry = entry_of("api", state, PLATFORM, looks_secret)
    fields = json.loads(json.dumps(entry.fields))
    assert fields.pop("adopt") is True
    return entry, fields


@tried(max_examples=10)
@given(declarations())
def test_an_imported_service_differs_in_nothing_from_its_entry(fields):
    spec = spec_of(fields)

    entry, found = imported(seen(spec))

    assert compare(spec_of(found), seen(spec)) == ()
    assert canonical_json(declared_definition(spec_of(found))) == canonical_json(
        declared_definition(spec)
    )
    assert entry.remarks == ()


@tried(max_examples=10)
@given(declarations())
def test_what_can_be_said_in_the_documents_own_words_is(fields):
    _, found = imported(seen(spec_of(fields)))

    assert not found.keys() & {"task", "service"}


@tried(max_examples=10)
@given(in_awss_words())
def test_what_only_aws_has_words_for_is_imported_in_them(fields):
    state = seen(spec_of(fields))

    entry, found = imported(state)

    left = {change.path for change in compare(spec_of(found), state)}
    assert len([r for r in entry.remarks if "cannot be said" in r]) == len(left)
    assert left == set()


@tried(max_examples=10)
@given(declarations(), names)
def test_no_secret_is_in_an_entry(fields, name):
    secret = "AKIAIOSFODNN7EXAMPLE"
    fields["environment"][f"{name}_PASSWORD"] = secret
    spec = spec_of(fields)

    entry, found = imported(seen(spec))

    assert secret not in repr(entry)
    assert found["secrets"][f"{name}_PASSWORD"] == {"secretsmanager": "CHANGE-ME"}
