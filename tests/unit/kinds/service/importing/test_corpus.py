"""Each definition and service of the corpus is imported, in any order of containers."""

from dataclasses import replace

import pytest

from controller.kinds.service.aws.services import bare_state
from controller.kinds.service.importing.aws.importer import entry_of
from controller.kinds.service.importing.minimal import spec_of
from controller.kinds.service.normalize import canonical
from controller.spec.literals import looks_secret
from tests.builders.ecs_corpus import PAIRS, pair
from tests.builders.services import PLATFORM

LIVE = {file.stem: pair(file) for file in PAIRS}
DEFINITIONS = {n: p.live for n, p in LIVE.items() if p.kind == "TaskDefinition"}
SERVICES = {n: p.live for n, p in LIVE.items() if p.kind == "Service"}
APP = {"name": "app", "image": "x/app:1", "portMappings": [{"containerPort": 80}]}
DEFINITION = {"family": "web", "containerDefinitions": [APP]}
SERVICE = {
    "serviceArn": "arn:service",
    "serviceName": "hokusai-web-development",
    "clusterArn": f"arn:aws:ecs:us-east-1:123456789012:cluster/{PLATFORM.cluster}",
    "status": "ACTIVE",
    "taskDefinition": "td:1",
    "desiredCount": 1,
    "runningCount": 1,
    "deployments": [],
}


def entry(definition, service=None):
    settings = {**SERVICE, **(service or {})}
    state = bare_state({**settings, "deployments": []})
    seen = replace(state, definition=canonical(definition), described=definition)
    return entry_of("web", seen, PLATFORM, looks_secret)


def is_valid(found) -> bool:
    fields = {name: value for name, value in found.fields.items() if name != "adopt"}
    return bool(spec_of("web", fields, PLATFORM))


@pytest.mark.parametrize("name", DEFINITIONS)
@pytest.mark.parametrize("order", [1, -1], ids=["as it is", "reversed"])
def test_a_task_definition_of_the_corpus_is_imported(name, order):
    definition = {"family": "web", **DEFINITIONS[name]}
    definition["containerDefinitions"] = definition["containerDefinitions"][::order]

    assert is_valid(entry(definition))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_of_the_corpus_is_imported(name):
    assert is_valid(entry(DEFINITION, SERVICES[name]))
