import pytest

from controller.emulation.ecs.effects import MissingError
from controller.emulation.secret_references import parse_secret

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/dev-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter"


@pytest.mark.parametrize(
    ("text", "store", "name"),
    [
        ("/app/dev/url", "ssm", "/app/dev/url"),
        ("url", "ssm", "url"),
        (f"{PARAMETER}/app/dev/url", "ssm", "/app/dev/url"),
        (f"{PARAMETER}/url", "ssm", "url"),
        (SECRET, "secretsmanager", SECRET),
    ],
)
def test_a_reference_names_its_store(text, store, name):
    reference = parse_secret(text)

    assert (reference.store, reference.name) == (store, name)


def test_a_reference_selects_a_member_of_a_version():
    reference = parse_secret(f"{SECRET}:password:AWSPREVIOUS:abc")

    assert reference.name == SECRET
    assert reference.json_key == "password"
    assert (reference.version_stage, reference.version_id) == ("AWSPREVIOUS", "abc")


def test_the_member_is_extracted_from_the_value():
    reference = parse_secret(f"{SECRET}:password::")

    assert reference.select('{"password": "x"}') == "x"


@pytest.mark.parametrize("value", ['{"user": "x"}', "no json", "[]"])
def test_a_missing_member_is_named(value):
    with pytest.raises(MissingError, match="json key password"):
        parse_secret(f"{SECRET}:password::").select(value)
