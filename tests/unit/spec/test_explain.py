"""The schema, and what is told of a field."""

import pytest

from controller.core.errors import RefusedError
from controller.spec import schema
from controller.spec.explain import explain
from tests.builders.documents import KINDS

SCHEMA = schema.document_schema(KINDS)


def test_a_field_is_explained_from_its_model():
    assert explain("services.health.interval", SCHEMA) == (
        "services.health.interval  (whole number or text)\n"
        "  Time between two checks. Minimum on AWS: 5 s.\n"
        "  default: 30\n"
        "  at least 1\n"
        "  at most 300\n"
        "  matches ^[0-9]{1,6}(s|m|h|d)$\n"
    )


def test_an_example_is_written_as_one_would_write_it():
    assert '  example: account: "123456789012"\n' in explain("platform.account", SCHEMA)


@pytest.mark.parametrize(
    "path",
    [
        "services.api.health.interval",
        "models.versions.select.metric",
        "models.sales.versions[0].select.metric",
        "webhooks.announce.since",
        "local.images.command",
        "services.secrets.DB_PASSWORD.ssm",
        "services.depends_on",
        "apiVersion",
    ],
)
def test_names_and_numbers_may_be_given_or_left_out(path):
    last = path.rpartition(".")[2]

    assert explain(path, SCHEMA).partition("  (")[0].endswith(last)


def test_a_section_lists_its_fields_and_which_are_required():
    text = explain("endpoints", SCHEMA)

    assert "    host  text (required)\n" in text
    assert "    protocol  http or https or tcp or tls\n" in text


def test_the_document_is_explained_without_a_path():
    assert "    services  mapping of names to mapping\n" in explain("", SCHEMA)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("service", "the document has no field service; did you mean services?"),
        ("services.helth", "services has no field helth; did you mean health?"),
        ("services.api.health.x", "services.health has no field x; known: command"),
        ("apiVersion.x", "apiVersion has no field x; "),
    ],
)
def test_what_is_no_field_is_refused_with_the_nearest(path, told):
    with pytest.raises(RefusedError) as refused:
        explain(path, SCHEMA)

    assert str(refused.value).startswith(f"{path} is not a field: {told}")


def test_what_follows_from_the_platform_is_not_in_the_schema():
    fields = SCHEMA["$defs"]["ServiceSpec"]["properties"]

    assert "log_group" in fields
    assert not {"owner", "region", "account", "namespace"} & fields.keys()


def test_the_schema_has_a_section_for_each_kind_and_closes_every_mapping():
    sections = {kind.section for kind in KINDS.values() if kind.section}
    assert sections <= SCHEMA["properties"].keys()
    assert SCHEMA["additionalProperties"] is False
    assert all(
        SCHEMA["properties"][section]["additionalProperties"] is False
        for section in sections
    )
