"""What is masked wherever values are shown."""

import pytest

from controller.core.values.redact import MASK, masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("hunter22", MASK, id="text"),
        pytest.param("arn:aws:ssm:x", "arn:aws:ssm:x", id="a reference"),
        pytest.param(None, None, id="nothing"),
        pytest.param(["hunter22"], [MASK], id="a list"),
    ],
)
def test_a_field_with_a_secret_name_is_masked(value, shown):
    assert masked("environment.DB_PASSWORD", value) == shown


def test_what_is_inside_is_masked_by_its_own_name():
    whole = {"DB_PASSWORD": "hunter22", "PORT": "80", "URL": "http://u:pass@h/"}

    assert masked("task.environment", whole) == {
        "DB_PASSWORD": MASK,
        "PORT": "80",
        "URL": f"http://{MASK}@h/",
    }
    assert masked("task", [{"environment": whole}]) == [
        {"environment": {"DB_PASSWORD": MASK, "PORT": "80", "URL": f"http://{MASK}@h/"}}
    ]
