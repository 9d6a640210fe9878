"""One resource in full: what its kind makes of a look, and what its driver adds."""

from typing import Any, assert_never

from controller.core.document.resource import Resource
from controller.core.errors import DriverError
from controller.core.resources.details import DetailsDriver, DetailSection
from controller.core.resources.driver import Driver
from controller.core.resources.kind import Kind
from controller.core.resources.observation import Absent, Observation, Present, Unknown


def details_of(
    resource: Resource[Any], kind: Kind[Any, Any], driver: Driver
) -> tuple[DetailSection, ...]:
    """Return what can be seen of ``resource``, looked at just now. Writes nothing."""
    told = _told(_seen(resource, driver), resource, kind)
    if isinstance(driver, DetailsDriver):
        return (*told, *driver.details(resource))
    return told


def _seen(resource: Resource[Any], driver: Driver) -> Observation:
    try:
        seen = driver.observe({resource.id: resource})
    except DriverError as error:
        return Unknown(str(error))
    return seen.get(resource.id, Unknown("It was not looked at."))


def _told(
    seen: Observation, resource: Resource[Any], kind: Kind[Any, Any]
) -> tuple[DetailSection, ...]:
    match seen:
        case Present(state):
            return kind.details(resource.spec, state)
        case Absent():
            return (DetailSection(kind.name, problem="It does not exist."),)
        case Unknown(reason):
            return (DetailSection(kind.name, problem=reason),)
        case _:
            assert_never(seen)
