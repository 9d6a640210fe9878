"""A service that the code does not expect becomes Unknown; the others are observed."""

import pytest

from controller.clients.aws import CountingAws
from controller.core.document.resource import ResourceId
from controller.core.resources.observation import Present, Unknown
from controller.kinds.service.driver import ServiceDriver
from tests.builders.declared_cluster import (
    PLATFORM,
    DeclaredCluster,
    declared_services,
)
from tests.fakes.stopped_clock import StoppedClock

ODD = ResourceId("service", "s001")


class UnusualCluster(DeclaredCluster):
    """A cluster in which one service lacks a field of its description."""

    def __init__(self, resources, field):
        super().__init__(resources)
        self._field = field

    def _service(self, name):
        answer = super()._service(name)
        if ODD.name in name:
            del answer[self._field]
        return answer


@pytest.mark.parametrize(
    "field", ["taskDefinition", "deployments", "desiredCount", "runningCount"]
)
def test_an_unexpected_error_concerns_one_service_only(field):
    resources = declared_services(3)
    aws = CountingAws(UnusualCluster(resources, field))
    driver = ServiceDriver(aws, PLATFORM, StoppedClock())

    seen = driver.observe(resources)

    assert isinstance(seen[ODD], Unknown)
    assert seen[ODD].reason == "The service could not be read: KeyError."
    others = [seen[id_] for id_ in resources if id_ != ODD]
    assert all(isinstance(one, Present) for one in others)
