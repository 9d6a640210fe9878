"""Names in bodies, read as MLflow reads them."""

import json

import pytest

from controller.core.access.scopes import grants
from controller.core.proxy.request_body import BodyRefusedError, required_scopes
from controller.core.proxy.route_table import BodyCheck

ALIAS, REGISTER, RENAME = BodyCheck.ALIAS, BodyCheck.REGISTER, BodyCheck.RENAME
QUERY = '{"query": "query Q { a } fragment F on A { b }"}'
MUTATION = '{"query": "query Q { a } mutation M { b }", "operationName": "Q"}'


@pytest.mark.parametrize(
    ("check", "body", "scopes"),
    [
        (REGISTER, '{"name": "leads"}', ["register:model/leads"]),
        (RENAME, '{"name": "a", "new_name": "b"}', ["register:model/b"]),
        (RENAME, '{"name": "a", "newName": "b"}', ["register:model/b"]),
        (ALIAS, '{"name": "a", "alias": "b"}', ["alias:model/a@b"]),
        (ALIAS, '{"n\\u0061me": "a", "alias": "\\u0062"}', ["alias:model/a@b"]),
        (BodyCheck.GRAPHQL, QUERY, []),
        (BodyCheck.GRAPHQL, '{"query": "{ mutation }"}', []),
        (BodyCheck.GRAPHQL, MUTATION, ["mlflow:write"]),
        (BodyCheck.GRAPHQL, '{"query": "subscription { a }"}', ["mlflow:write"]),
    ],
)
def test_the_scope_names_what_the_body_names(check, body, scopes):
    assert [*map(str, required_scopes(check, body.encode()))] == scopes


GOOD = json.dumps({"name": "leads", "alias": "dev", "version": "1"})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"name=leads&alias=dev", id="a form"),
        pytest.param(b'{"name": "leads", "alias": "dev"', id="half an object"),
        pytest.param(b'["leads", "dev"]', id="an array"),
        pytest.param(json.dumps(GOOD).encode(), id="JSON within JSON"),
        pytest.param(GOOD.encode("utf-16"), id="UTF-16"),
        pytest.param(GOOD.encode("utf-32-le"), id="UTF-32 without a mark"),
        pytest.param(GOOD.encode("utf-8-sig"), id="a byte order mark"),
        pytest.param(b'{"name": "\xff", "alias": "dev"}', id="no UTF-8"),
        pytest.param(b'{"name":"a","alias":"dev","alias":"x"}', id="a key twice"),
        pytest.param(
            b'{"name":"a","alias":"dev","\\u0061lias":"x"}', id="a key twice, escaped"
        ),
        pytest.param(b'{"name":"a","alias":"d","t":[{"k":1,"k":2}]}', id="nested"),
        pytest.param(
            b'{"name":"a","alias":"dev","alias\\u0000":"x"}', id="a null in a key"
        ),
        pytest.param(b'{"name": "a", "Alias": "dev"}', id="another spelling"),
        pytest.param(b'{"name": "a", "alias": 7}', id="a number"),
        pytest.param(b'{"name": "a", "alias": null}', id="null"),
        pytest.param(b'{"name": "a", "alias": ""}', id="an empty name"),
        pytest.param(b'{"name": "a", "alias": "\\ud800"}', id="half a character"),
        pytest.param(b'{"name": "a", "alias": "d\\u0000"}', id="a control character"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b'{"name": ' + b"9" * 5_000 + b"}", id="a large number"),
    ],
)
def test_a_body_without_one_reading_is_refused(body):
    with pytest.raises(BodyRefusedError):
        required_scopes(ALIAS, body)


def test_both_spellings_of_a_name_are_refused():
    with pytest.raises(BodyRefusedError):
        required_scopes(RENAME, b'{"new_name": "a", "newName": "b"}')


@pytest.mark.parametrize(
    "query", ["", "{", "mutation", "fragment F on A { b }", "{a " * 3_000, "type A"]
)
def test_a_graphql_document_that_cannot_be_parsed_is_refused(query):
    with pytest.raises(BodyRefusedError):
        required_scopes(BodyCheck.GRAPHQL, json.dumps({"query": query}).encode())


def test_a_refused_alias_is_refused_whatever_the_model():
    given = grants(["mlflow:registry:write", "!alias:model/*@production"])

    def may(alias):
        body = json.dumps({"name": "leads", "alias": alias}).encode()
        return all(map(given.allow, required_scopes(ALIAS, body)))

    assert may("staging")
    assert not may("production")
