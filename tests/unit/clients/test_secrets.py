"""Values of secrets, wherever they are stored."""

import logging

import pytest

from controller.clients.secrets import Secrets
from controller.core.document.reference import SecretReference
from controller.core.errors import NotFoundError, RefusedError

NAME = "hokusai/webhook"
STORES = {
    "env": {"env": "WEBHOOK_SECRET"},
    "ssm": {"ssm": "/hokusai/webhook"},
    "secretsmanager": {"secretsmanager": NAME},
    "json": {"secretsmanager": f"{NAME}:key"},
}


class Aws:
    """Returns one value from every store."""

    def __init__(self, value):
        self.value = value

    def call(self, service, _operation, **parameters):
        if service == "ssm":
            return {"Parameter": {"Value": self.value}}
        return {"SecretString": self.value}


def stored(store, value):
    """Return the secrets with ``value`` in ``store``, and its reference."""
    reference = SecretReference.model_validate(STORES[store])
    text = f'{{"key": "{value}"}}'.replace("\n", "\\n") if store == "json" else value
    return Secrets({"WEBHOOK_SECRET": value}, Aws(text)), reference


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("value", ["s3cret\n", " s3cret", "s3cret \r\n"])
def test_surrounding_white_space_is_removed_with_one_warning(store, value, caplog):
    secrets, reference = stored(store, value.replace("\r", ""))

    with caplog.at_level(logging.WARNING):
        read = [secrets.value(reference) for _ in range(2)]

    assert read == ["s3cret", "s3cret"]
    (record,) = caplog.records
    assert record.secret == str(reference)
    assert "s3cret" not in caplog.text.replace(str(reference), "")


@pytest.mark.parametrize("store", STORES)
def test_white_space_inside_a_secret_is_part_of_it(store, caplog):
    secrets, reference = stored(store, "two words")

    assert secrets.value(reference) == "two words"
    assert not caplog.records


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("value", ["", " ", "\n\n"])
def test_a_blank_secret_is_not_set(store, value):
    secrets, reference = stored(store, value)

    with pytest.raises(NotFoundError, match=f"{reference} is (not set|blank)"):
        secrets.value(reference)


def test_a_binary_secret_is_refused_with_its_name():
    class Binary:
        def call(self, _service, _operation, **_parameters):
            return {"SecretBinary": b"key"}

    reference = SecretReference.model_validate({"secretsmanager": "hokusai/site"})

    with pytest.raises(RefusedError, match="hokusai/site is binary: store it as text"):
        Secrets({}, Binary()).value(reference)


@pytest.mark.parametrize(
    "declared", [{"secretsmanager": "hokusai/site"}, {"ssm": "/hokusai/site"}]
)
def test_a_secret_that_aws_does_not_find_is_named(declared):
    class Nothing:
        def call(self, _service, _operation, **_parameters):
            message = "ResourceNotFoundException: can't find the specified secret"
            raise NotFoundError(message)

    reference = SecretReference.model_validate(declared)

    with pytest.raises(NotFoundError, match=f"^{reference} does not exist: "):
        Secrets({}, Nothing()).value(reference)
