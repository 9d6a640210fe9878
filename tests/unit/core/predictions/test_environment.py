"""Environment of a model: every difference is named, with both versions."""

from controller.core.predictions.environment import environment_differences

HERE = {"numpy": "2.4.6", "scikit-learn": "1.9.1"}


def differences(*lines, python="3.11.2"):
    return environment_differences(lines, python, installed=HERE.get, here="3.11.7")


def test_an_equal_environment_has_no_differences():
    assert differences("numpy==2.4.6", "# comment", "", "scikit-learn>=1.5,<2") == ()
    assert differences("tensorflow; sys_platform == 'nowhere'", python="") == ()


def test_every_difference_is_named():
    assert differences(
        "numpy==1.26.4", "xgboost>=2", "scikit-learn", python="3.12.1"
    ) == (
        "the model needs Python 3.12; here is 3.11",
        "the model needs numpy==1.26.4; here is 2.4.6",
        "the model needs xgboost>=2; it is not installed",
    )


def test_a_requirement_that_is_no_package_is_a_difference_without_its_text():
    found = differences("--index-url https://user:password@example.com/simple")

    assert len(found) == 1
    assert "password" not in found[0]
