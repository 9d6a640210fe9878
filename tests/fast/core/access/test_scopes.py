"""Scopes: what they denote, and what they allow."""

import pytest

from controller.core.access.scopes import ACTIONS, Grants, grants, known_scopes, scope

GRANTED = [
    (["admin"], "mlflow:delete", True),
    (["admin"], "alias:model/router@production", True),
    (["mlflow:write"], "mlflow:read", True),
    (["mlflow:read"], "mlflow:write", False),
    (["mlflow:admin"], "mlflow:artifacts:write", True),
    (["mlflow:admin"], "alias:model/router@production", True),
    (["mlflow:admin"], "status:read", False),
    (["mlflow:registry:write"], "register:model/router", True),
    (["mlflow:registry:write", "!alias:model/*@production"], "alias:model/a@dev", True),
    (
        ["mlflow:registry:write", "!alias:model/*@production"],
        "alias:model/a@production",
        False,
    ),
    (["admin", "!alias:model/*@production"], "alias:model/a@production", False),
    (["admin", "!mlflow:delete"], "mlflow:delete", False),
    (["mlflow:admin", "!mlflow:write"], "mlflow:read", True),
    (["mlflow:admin", "!mlflow:write"], "mlflow:write", False),
    (["predict:model/router"], "predict:model/router", True),
    (["predict:model/router"], "predict:model/router-2", False),
    (["predict:model/*"], "predict:model/anything", True),
    (["predict:model/*"], "register:model/anything", False),
    (["alias:model/*@dev-*"], "alias:model/router@dev-one", True),
    (["alias:model/*@dev-*"], "alias:model/router@production", False),
    (["alias:model/a[b]?@*"], "alias:model/a[b]?@one", True),
    (["alias:model/a[b]?@*"], "alias:model/abc@one", False),
    (["predict:model/Router"], "predict:model/router", False),
    ([], "models:read", False),
    (["dns:write"], "dns:read", True),
    (["deliveries:read"], "deliveries:write", False),
]
WRONG = {
    "": "is no scope",
    "mlflow": "is no scope",
    "mlflow:": "is no scope",
    "MLFLOW:READ": "is no scope",
    "predict": "requires a model: write predict:model/*",
    "alias:model/*": "write alias:model/*@*",
    "alias:model/*@": "write alias:model/*@*",
    "alias:model/@dev": "write alias:model/*@*",
    "predict:model/a@b": "write predict:model/*",
    "predict:model/": "write predict:model/*",
    "mlflow:read:model/a": "has no model: write mlflow:read",
    "other:model/a": "is no scope",
}


@pytest.mark.parametrize(("texts", "required", "allowed"), GRANTED)
def test_a_scope_is_allowed_only_if_granted_and_not_taken_back(
    texts, required, allowed
):
    assert grants(texts).allow(scope(required)) is allowed


@pytest.mark.parametrize("text", known_scopes())
def test_each_scope_is_written_as_it_is_read(text):
    assert str(scope(text)) == text
    assert grants([text]).allow(scope(text))
    assert not Grants().allow(scope(text))


@pytest.mark.parametrize("action", ACTIONS)
def test_only_an_administrator_has_every_action(action):
    others = [other for other in ACTIONS if other not in (action, "admin")]

    assert grants(["admin"]).allow(scope(action))
    if action == "admin":
        assert not grants(others).allow(scope(action))


@pytest.mark.parametrize("text", WRONG)
def test_a_text_that_is_no_scope_is_explained(text):
    with pytest.raises(ValueError, match=r".") as refused:
        scope(text)

    assert WRONG[text] in str(refused.value)


def test_grants_are_written_as_they_are_read():
    texts = ("mlflow:read", "alias:model/*@dev-*", "!alias:model/*@production")

    assert grants(texts).texts() == texts
