"""An imported entry declares the live service exactly, without secrets."""

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
def test_document_fields_are_preferred_to_aws_fields(fields):
    _, found = imported(seen(spec_of(fields)))

    assert not found.keys() & {"task", "service"}


@tried(max_examples=10)
@given(in_awss_words())
def test_fields_without_a_document_name_are_imported_as_aws_fields(fields):
    state = seen(spec_of(fields))

    entry, found = imported(state)

    left = {change.path for change in compare(spec_of(found), state)}
    assert len([r for r in entry.remarks if "cannot be imported exactly" in r]) == len(
        left
    )
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
