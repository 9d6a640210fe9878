import pytest

from controller.core.document.resource import ResourceId
from controller.kinds.service.routes.matching.overlap import clashes
from tests.builders.load_balancers import API, service

ONE, OTHER = ResourceId("service", "api"), ResourceId("service", "web")


@pytest.mark.parametrize(
    ("route", "what"),
    [
        (API, "duplicates a route of"),
        ({**API, "host": "API.hokus.ai"}, "duplicates a route of"),
        ({**API, "path": "/*/abcd"}, None),
        ({**API, "path": "/*/api"}, "overlaps with a route of"),
        ({**API, "path": "/api/v1/*"}, None),
        ({**API, "host": "web.hokus.ai"}, None),
        ({**API, "listeners": [80]}, None),
        ({**API, "load_balancer": "another"}, None),
        ({"host": "*.hokus.ai"}, None),
    ],
    ids=str,
)
def test_two_routes_without_a_clear_order_conflict(route, what):
    found = clashes({ONE: service(API), OTHER: service(route)})

    assert [clash.problem.startswith(what or "-") for clash in found] == [True] * bool(
        what
    )


def test_a_conflict_names_both_places():
    (found,) = clashes({ONE: service({"host": "x.ai"}, API), OTHER: service(API)})

    assert found.target == (OTHER, ("routes", 0))
    assert found.other == (ONE, ("routes", 1))


def test_different_priorities_resolve_a_conflict():
    one, other = {**API, "priority": 1}, {**API, "path": "/*/api", "priority": 2}

    assert clashes({ONE: service(one), OTHER: service(other)}) == ()
    assert clashes({ONE: service(one), OTHER: service({**other, "priority": 1})})


@pytest.mark.parametrize(
    ("general", "special", "conflicts"), [(1, 2, True), (2, 1, False)]
)
def test_an_explicit_priority_must_not_shadow_another_route(
    general, special, conflicts
):
    wide = {**API, "path": "/*", "priority": general}
    narrow = {**API, "priority": special}

    found = clashes({ONE: service(wide), OTHER: service(narrow)})
    back = clashes({ONE: service(narrow), OTHER: service(wide)})
    within = clashes({ONE: service(narrow, wide)})

    assert [bool(each) for each in (found, back, within)] == [conflicts] * 3
    assert not conflicts or "smaller priority" in found[0].hint


def test_a_route_must_not_be_declared_twice_in_one_service():
    assert clashes({ONE: service(API, API)})
