"""Recognition of a registration that exists."""

import pytest

from controller.core.models.registration import REGISTRATION_TAG, registration_hash
from controller.core.proxy.repeated_registration import registration_request

HASH = registration_hash("leads", "s3://b/m", "")


def body(name="leads", source="s3://b/m", tag=HASH, **more):
    tags = [{"key": "team", "value": "a"}, {"key": REGISTRATION_TAG, "value": tag}]
    return {"name": name, "source": source, "tags": tags, **more}


def version(number, name="leads", source="s3://b/m", tag=HASH):
    tags = [{"key": REGISTRATION_TAG, "value": tag}] if tag else []
    return {"name": name, "version": number, "source": source, "tags": tags}


def test_the_lowest_equal_version_is_the_registration():
    known = registration_request(body())

    found = known.existing(
        [version("10"), version("9"), version("2", tag="v1:x"), version("1", tag="")]
    )

    assert found["version"] == "9"


def test_a_version_of_another_model_is_none():
    assert registration_request(body()).existing([version("1", name="other")]) is None


def test_a_hash_of_something_else_needs_the_same_source():
    known = registration_request(body(tag="v1:x"))

    assert known.existing([version("1", tag="v1:x", source="s3://other")]) is None
    assert known.existing([version("1", tag="v1:x")])


def test_a_version_whose_alias_mlflow_replaced_is_recognised_by_its_hash():
    hash_ = registration_hash("leads", "models:/a@b", "")
    known = registration_request(body(source="models:/a@b", tag=hash_))

    assert known.existing([version("1", source="models:/a/7", tag=hash_)])


@pytest.mark.parametrize(
    "unidentified",
    [
        {"name": "leads", "source": "s3://b/m"},
        body(tag="") | {"tags": None},
        body(tag="x' or name like '%"),
        body(name="both ' and \""),
        body(source=7),
        body(tag=7),
        body() | {"tags": body()["tags"] * 2},
        body() | {"tags": ["text"]},
    ],
)
def test_a_request_without_one_plain_identity_is_none(unidentified):
    assert registration_request(unidentified) is None


def test_the_filter_quotes_the_name():
    assert "name='leads' and tags.`hokusai.ai/" in registration_request(body()).filter
    assert 'name="it\'s"' in registration_request(body(name="it's")).filter


def test_both_spellings_of_the_run_are_one():
    by_name = registration_request(body(run_id="a"))

    assert by_name == registration_request(body(runId="a"))
