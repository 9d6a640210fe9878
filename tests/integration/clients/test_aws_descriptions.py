"""Descriptions of AWS services are shared by sessions and hold no documentation."""

import json

import pytest
from botocore.loaders import create_loader
from botocore.model import ServiceModel

from controller.clients.aws.descriptions import loader


def undocumented(found):
    """Return a description as it is without the text for people."""
    if isinstance(found, dict):
        return {
            key: ""
            if key == "documentation" and isinstance(value, str)
            else undocumented(value)
            for key, value in found.items()
        }
    return [*map(undocumented, found)] if isinstance(found, list) else found


@pytest.mark.parametrize("service", ["ecs", "elbv2", "s3"])
def test_everything_but_documentation_is_kept(service):
    shipped = create_loader().load_service_model(service, "service-2")

    # botocore edits the shared description of S3 when a client is made.
    found = loader.__wrapped__(None).load_service_model(service, "service-2")

    assert found == undocumented(shipped)
    assert json.dumps(found) == json.dumps(undocumented(shipped))


def test_a_member_that_is_called_documentation_is_kept(tmp_path):
    file = tmp_path / "thing" / "2026-01-01" / "service-2.json"
    file.parent.mkdir(parents=True)
    members = {"documentation": {"shape": "Text", "documentation": "What it says."}}
    file.write_text(json.dumps({"members": members}))

    found = loader(str(tmp_path)).load_service_model("thing", "service-2")

    assert found == {
        "members": {"documentation": {"shape": "Text", "documentation": ""}}
    }


def test_what_does_not_exist_is_unknown_as_before():
    own, shipped = loader(None), create_loader()

    for each in (own, shipped):
        with pytest.raises(Exception, match="Unknown service: 'nothing'"):
            each.load_service_model("nothing", "service-2")


def test_botocore_finds_what_it_reads_of_a_parameter():
    model = ServiceModel(loader(None).load_service_model("s3", "service-2"))

    assert [parameter.documentation for parameter in model.client_context_parameters]


def test_all_sessions_share_what_was_parsed():
    assert loader(None) is loader(None)
