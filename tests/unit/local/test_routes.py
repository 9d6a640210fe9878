"""Example paths of public names on the local platform."""

import pytest

from controller.local.routes import example_path, routes_of
from tests.builders.documents import document

SERVICE = """\
services:
  api:
    image: hokusai/api:1
    port: 80
    discovery: api
    health: {path: /ready}
    routes: [{host: api.hokus.ai, path: "%s", listeners: [80]}]
endpoints:
  public: {host: api.hokus.ai, port: 443, protocol: https, probe: {path: /api/v1/health}}
  own: {host: api.hokusai-development.local, port: 80, probe: {path: /own/status}}
  other: {host: other.hokus.ai, port: 443, protocol: https, probe: {path: /api/other}}
"""


@pytest.mark.parametrize(
    ("route", "path"),
    [
        pytest.param("/*", "/ready", id="the health check"),
        pytest.param("/api/*", "/api/v1/health", id="the probe of the same host"),
        pytest.param("/own/*", "/own/status", id="the probe of its own name"),
        pytest.param("/models/*", "/models/", id="the route itself"),
    ],
)
def test_the_example_is_a_path_that_the_service_answers(route, path):
    found = document(SERVICE % route)

    ((spec, declared),) = routes_of(found)

    assert example_path(found, spec, declared) == path
