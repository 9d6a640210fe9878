"""A law is never broken by a slow machine."""

from hypothesis import HealthCheck, is_hypothesis_test, settings


def laws(session):
    return [i.obj for i in session.items if is_hypothesis_test(getattr(i, "obj", 0))]


def test_no_law_has_a_deadline(request):
    found = [settings.default, *(own(law) for law in laws(request.session))]

    assert {each.deadline for each in found} == {None}
    assert all(HealthCheck.too_slow in each.suppress_health_check for each in found)


def own(law):
    """Return the settings of a law, as hypothesis keeps them."""
    return law._hypothesis_internal_use_settings
