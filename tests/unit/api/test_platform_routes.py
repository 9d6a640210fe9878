"""Each route of the platform's former API: kept, redirected to one that exists, or 410."""

import re

import pytest

from controller.api.predict.platform_routes import (
    PLATFORM_ROUTES,
    Disposition,
    redirect_target,
)
from tests.builders.predictions import PredictionService

NAMES = {
    "reference": "leads",
    "name": "leads",
    "version": "2",
    "id": "7",
    "rest": "a/b",
}
KEY = {"authorization": "Bearer all", "content-type": "application/json"}
BODY = '{"inputs": {"x": 1.0}}'


def concrete(path):
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: NAMES[m[1]], path)


@pytest.fixture(scope="module")
def answers():
    """Return the answer of every route, and that of each target of a redirect."""

    async def work(http):
        warm = await http.get("/api/v1/models/leads/health?warmup=true", headers=KEY)
        assert warm.status_code == 200
        found = {}
        for route in PLATFORM_ROUTES:
            for method in route.methods:
                first = await http.request(
                    method, concrete(route.path), headers=KEY, content=BODY
                )
                then = None
                if route.disposition is Disposition.REDIRECTED:
                    then = await http.get(first.headers["location"], headers=KEY)
                found[method, route.path] = first, then
        return found

    return PredictionService().run(work)


def routes(disposition):
    return [
        (method, route)
        for route in PLATFORM_ROUTES
        if route.disposition is disposition
        # Neither the store nor the health of its parts is part of this service.
        if "health" not in route.to and route.path not in {"/health", "/ready"}
        for method in route.methods
    ]


@pytest.mark.parametrize(("method", "route"), routes(Disposition.KEPT))
def test_a_kept_route_answers(answers, method, route):
    if route.path != "/api/v1/health":
        assert answers[method, route.path][0].status_code == 200


@pytest.mark.parametrize(("method", "route"), routes(Disposition.REDIRECTED))
def test_a_redirect_leads_to_a_route_that_answers(answers, method, route):
    first, then = answers[method, route.path]

    assert first.status_code == 308
    assert then.status_code == 200


@pytest.mark.parametrize(("method", "route"), routes(Disposition.GONE))
def test_a_route_that_is_gone_names_its_replacement(answers, method, route):
    answer, _ = answers[method, route.path]

    assert answer.status_code == 410
    assert answer.json()["detail"] == f"This route is gone. {route.to}"


def test_a_redirect_keeps_the_query_and_quotes_the_path():
    assert redirect_target("/m/{name}", {"name": "a/b?c"}, "x=1") == "/m/a%2Fb%3Fc?x=1"
    assert redirect_target("/m?a=1", {}, "x=1") == "/m?a=1&x=1"
    assert redirect_target("/{n}", {"n": "//evil.example"}, "") == "/%2F%2Fevil.example"
