"""The fields that a document may write in AWS's own words are those that AWS has."""

from controller.core.resources.plan import Effect
from controller.kinds.service.render.update_effects import FIELDS, SEPARATE_CALLS
from controller.kinds.service.spec.aws_schema import shapes
from tests.shapes import FILE, text

# They say which service, which revision, or once more.
IDENTITY = {"serviceName", "cluster", "taskDefinition", "clientToken"}


def test_the_file_says_what_the_installed_botocore_says():
    assert FILE.read_text() == text(), "run `python -m tests.shapes`"


def test_every_field_of_a_service_has_an_effect():
    assert FIELDS.keys() == shapes()["service"]["fields"].keys() - IDENTITY


def test_what_no_update_takes_is_replaced():
    updates = set(shapes()["update"])

    replaced = {name for name, f in FIELDS.items() if f.effect is Effect.REPLACE}

    assert replaced == FIELDS.keys() - updates - SEPARATE_CALLS
