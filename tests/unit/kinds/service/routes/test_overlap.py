import pytest

from controller.core.document.resource import ResourceId
from controller.kinds.service.routes.matching.overlap import clashes
from tests.builders.load_balancers import API, service

ONE, OTHER = ResourceId("service", "api"), ResourceId("service", "web")


@pytest.mark.parametrize(
    ("route", "what"),
    [
        (API, "is the same route as one of"),
        ({**API, "host": "API.hokus.ai"}, "is the same route as one of"),
        ({**API, "path": "/*/abcd"}, None),
        ({**API, "path": "/*/api"}, "matches some of what is matched"),
        ({**API, "path": "/api/v1/*"}, None),
        ({**API, "host": "web.hokus.ai"}, None),
        ({**API, "listeners": [80]}, None),
        ({**API, "load_balancer": "another"}, None),
        ({"host": "*.hokus.ai"}, None),
    ],
    ids=str,
)
def test_two_routes_clash_if_neither_comes_first(route, what):
    found = clashes({ONE: service(API), OTHER: service(route)})

    assert [clash.problem.startswith(what or "-") for clash in found] == [True] * bool(
        what
    )


def test_a_clash_names_both_places():
    (found,) = clashes({ONE: service({"host": "x.ai"}, API), OTHER: service(API)})

    assert found.target == (OTHER, ("routes", 0))
    assert found.other == (ONE, ("routes", 1))


def test_priorities_tell_two_routes_apart():
    one, other = {**API, "priority": 1}, {**API, "path": "/*/api", "priority": 2}

    assert clashes({ONE: service(one), OTHER: service(other)}) == ()
    assert clashes({ONE: service(one), OTHER: service({**other, "priority": 1})})


def test_a_route_may_not_be_written_twice_in_one_service():
    assert clashes({ONE: service(API, API)})
