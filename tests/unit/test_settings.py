"""Settings from environment variables."""

from dataclasses import fields

import pytest

from controller.core.errors import RefusedError
from controller.core.values.secret import Secret, SecretUrl
from controller.settings import DEFAULTS, VARIABLES, Settings, reference

ROWS = [
    pytest.param(field, name, id=name)
    for field, variable in VARIABLES.items()
    for name in (variable.name, *variable.aliases)
]


def test_an_empty_environment_gives_the_defaults():
    settings = Settings.read({})

    assert {f.name: getattr(settings, f.name) for f in fields(Settings)} == DEFAULTS
    assert (settings.dns_cache_ttl, settings.dns_timeout) == (300, 10.0)
    assert (settings.api_host, settings.api_port) == ("0.0.0.0", 8001)  # noqa: S104


@pytest.mark.parametrize(("field", "name"), ROWS)
def test_each_variable_and_alias_fills_its_field(field, name):
    text = VARIABLES[field].example or "7"

    value = getattr(Settings.read({name: text}), field)

    assert value == VARIABLES[field].parse(text)
    assert value is not None


@pytest.mark.parametrize(("field", "name"), ROWS)
def test_an_empty_variable_is_not_set(field, name):
    assert getattr(Settings.read({name: "  "}), field) == DEFAULTS[field]


@pytest.mark.parametrize(
    ("field", "variable"),
    [pytest.param(f, v, id=v.name) for f, v in VARIABLES.items() if v.aliases],
)
def test_the_name_comes_before_its_aliases_and_they_keep_their_order(field, variable):
    names = (variable.name, *variable.aliases)
    text = variable.example or "7"

    for count in range(len(names)):
        environ = dict.fromkeys(names[count + 1 :], "not valid") | {names[count]: text}
        if field == "environment":
            environ = {names[count]: text}
        assert variable.find(environ) == (names[count], text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ENVIRONMENT", "prod"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
        ("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db"),
        ("MLFLOW_FALLBACK_IP", "10.0.0.256"),
        ("DNS_CACHE_TTL", "-1"),
        ("DNS_CACHE_TTL", "5m"),
        ("DNS_TIMEOUT", "0"),
        ("DNS_TIMEOUT", "nan"),
        ("HOKUSAI_DNS_SERVER", "127.0.0.1:70000"),
        ("HOKUSAI_STORE_URL", "mysql://u:p@h/d"),
        ("API_PORT", "2147483648"),
        ("API_PORT", "٣"),
        ("WEBHOOK_MAX_RETRIES", "1e3"),
        ("HOKUSAI_LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_not_printed(name, text):
    with pytest.raises(RefusedError) as refused:
        Settings.read({name: text})

    message = str(refused.value)
    assert message.startswith(f"{name} is n")
    assert "; write, for example, " in message
    assert repr(text) not in message


def test_every_bad_value_is_named_at_once():
    with pytest.raises(RefusedError) as refused:
        Settings.read({"API_PORT": "x", "DNS_TIMEOUT": "y"})

    assert str(refused.value).count("\n") == 1


def test_secrets_are_not_printed():
    settings = Settings.read(
        {
            "HOKUSAI_API_KEY": "s3cret-key",
            "WEBHOOK_SECRET": "s3cret-webhook",
            "MLFLOW_TRACKING_TOKEN": "s3cret-token",
            "DATABASE_URL": "postgresql://me:s3cret-pw@db/hokusai?password=s3cret-q",
        }
    )

    assert "s3cret" not in f"{settings!r} {settings.store_url} {settings.api_key}"
    assert settings.api_key == Secret("s3cret-key")
    assert settings.store_url.reveal().endswith("s3cret-q")
    assert str(SecretUrl("sqlite:///a.db")) == "sqlite:///a.db"


def test_the_name_server_has_port_53_unless_given():
    assert str(Settings.read({"HOKUSAI_DNS_SERVER": "10.0.0.2"}).dns_server) == (
        "10.0.0.2:53"
    )


def test_the_reference_has_a_row_for_each_variable_with_aliases_and_default():
    text = reference()

    assert text.count("\n") == len(VARIABLES) + 2
    assert "| `WEBHOOK_SECRET` or `WEBHOOK_SECRET_KEY` or " in text
    assert "| `DNS_TIMEOUT` | `10` |" in text
