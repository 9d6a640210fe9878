"""Bodies of requests to MLflow, read as MLflow reads them.

MLflow parses JSON with Python's parser, guesses the encoding, decodes a JSON text within
a JSON text, and treats what it cannot parse as an empty object
(``mlflow.server.handlers._get_normalized_request_json``). A body with more than one
reading is refused, so that the authorized name is the one that MLflow uses.
"""

import json
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from controller.core.access.scopes import KeyScope
from controller.core.proxy.route_table import WRITE, BodyCheck

# Longer bodies are refused on routes whose scope depends on the body.
LONGEST_BODY = 4 * 1024 * 1024
# A valid query of MLflow's user interface has a few hundred.
_MOST_TOKENS = 2_000


class BodyRefusedError(ValueError):
    """The body cannot be read, or can be read in two ways."""


def json_object(body: bytes) -> Mapping[str, Any]:
    """Return the one JSON object that ``body`` is.

    Raises:
        BodyRefusedError: It is not UTF-8, not an object, or has a key twice or one
            that cannot be printed.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique)
    except BodyRefusedError:
        raise
    except (ValueError, RecursionError):
        msg = "The body is not JSON in UTF-8."
        raise BodyRefusedError(msg) from None
    if not isinstance(value, dict):
        msg = "The body is not a JSON object."
        raise BodyRefusedError(msg)
    return value


def required_scopes(check: BodyCheck, body: bytes) -> tuple[KeyScope, ...]:
    """Return the scopes that a request with this body requires.

    Raises:
        BodyRefusedError: The body has no single reading.
    """
    value = json_object(body)
    match check:
        case BodyCheck.REGISTER:
            return (KeyScope("register", _field(value, "name")),)
        case BodyCheck.RENAME:
            return (KeyScope("register", _field(value, "new_name", "newName")),)
        case BodyCheck.ALIAS:
            return (KeyScope("alias", _field(value, "name"), _field(value, "alias")),)
        case BodyCheck.GRAPHQL:
            is_read = _is_query(_field(value, "query"))
            return () if is_read else (KeyScope(WRITE),)


def _field(value: Mapping[str, Any], *spellings: str) -> str:
    """Return a text; protocol buffers accept each spelling of its name."""
    given = [value[name] for name in spellings if name in value]
    if len(given) != 1 or not isinstance(given[0], str) or not given[0]:
        msg = f"The body needs one text `{spellings[0]}`."
        raise BodyRefusedError(msg)
    text: str = given[0]
    if not text.isprintable() and spellings != ("query",):
        msg = f"`{spellings[0]}` has a character that cannot be printed."
        raise BodyRefusedError(msg)
    return text


def _is_query(text: str) -> bool:
    """Return True if every operation of a GraphQL document only reads."""
    try:
        document = parse(text, no_location=True, max_tokens=_MOST_TOKENS)
    except (GraphQLError, RecursionError):
        msg = "The GraphQL document cannot be parsed."
        raise BodyRefusedError(msg) from None
    operations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    if not operations:
        msg = "The GraphQL document has no operation."
        raise BodyRefusedError(msg)
    return all(node.operation is OperationType.QUERY for node in operations)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "The body has a key twice."
        raise BodyRefusedError(msg)
    # Protocol buffers read a name up to a null character: `alias\0` is `alias`.
    if not all(map(str.isprintable, found)):
        msg = "The body has a key with a character that cannot be printed."
        raise BodyRefusedError(msg)
    return found
