"""What runs in a cluster, as entries of the document."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.errors import NotFoundError
from controller.core.resources.importing import (
    ImportedEntry,
    ImportSelection,
    LooksSecret,
)
from controller.core.values.identity import MANAGED_TAG
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.aws.services import EcsServices, exists
from controller.kinds.service.aws.undeclared import key_of
from controller.kinds.service.compare.diff import compare
from controller.kinds.service.discovery.aws.cloud_map import CloudMap
from controller.kinds.service.importing.attachments import around, with_routes
from controller.kinds.service.importing.aws.attachments import ImportedAttachments
from controller.kinds.service.importing.fields import own_container, words
from controller.kinds.service.importing.minimal import minimal, spec_of, valid
from controller.kinds.service.importing.secrets import PLACE, without_secrets
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

_PAGE = 100


class Importer:
    """Reads services and says them in the words of the document. Writes nothing."""

    def __init__(
        self, aws: Aws, ecs: EcsServices, platform: Platform, clock: Clock
    ) -> None:
        self._aws = aws
        self._ecs = ecs
        self._map = CloudMap(aws)
        self._platform = platform
        self._around = ImportedAttachments(aws, platform, clock)

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> Iterator[ImportedEntry]:
        """Yield an entry for each service that is wanted, by name."""
        cluster = wanted.within or self._platform.cluster
        names = [wanted.name] if wanted.name else self._names(cluster)
        found = self._ecs.services(cluster, names)
        states = [self._state(found.get(name), name, cluster) for name in sorted(names)]
        for state in self._around.with_all(states):
            name = state.settings["serviceName"]
            key = wanted.key or key_of(name, self._platform)
            entry = entry_of(key, state, self._platform, secret)
            yield replace(entry, remarks=(*entry.remarks, *self._around.problems))

    def _names(self, cluster: str) -> list[str]:
        arns = paginated(
            self._aws,
            "ecs",
            "ListServices",
            "serviceArns",
            cluster=cluster,
            maxResults=_PAGE,
        )
        return [arn.rpartition("/")[2] for arn in arns]

    def _state(
        self, service: Mapping[str, Any] | None, name: str, cluster: str
    ) -> ServiceState:
        if service is None or not exists(service):
            msg = f"{name} does not exist in cluster {cluster}"
            raise NotFoundError(msg)
        state = self._ecs.state(service)
        registries = service.get("serviceRegistries", ())
        names = [self._map.name_of(found["registryArn"]) for found in registries]
        seen = state.registered_as(names[0] if len(names) == 1 else None)
        managed = tags_of(service).get(MANAGED_TAG, "").split()
        return replace(seen, managed=frozenset(managed))


def entry_of(
    key: str, state: ServiceState, platform: Platform, secret: LooksSecret
) -> ImportedEntry:
    """Return the shortest entry that ``state`` follows from.

    Args:
        key: Under which it is declared.
        state: What was seen, with the whole revision.
        platform: What the document says of all services.
        secret: Tells which values are not to be shown.
    """
    name = state.settings["serviceName"]
    said = words(name, state.described, state.settings)
    said |= _place(key, name, state, platform)
    said = around(said, state)
    hidden = without_secrets(said, secret)
    said, unlike = with_routes(key, said, state, platform)
    fields = minimal(key, valid(key, said, platform), platform)
    spec = spec_of(key, fields, platform)
    remarks = (
        *(_hidden(path) for path in hidden),
        *_renamed(name, state),
        *unlike,
        *_left(spec, state),
    )
    return ImportedEntry("services", key, {"adopt": True, **_in_order(fields)}, remarks)


def _place(key: str, name: str, state: ServiceState, platform: Platform) -> Plain:
    """Return where the service is, as far as that does not follow from its key."""
    cluster = state.settings["clusterArn"].rpartition("/")[2]
    said: Plain = {}
    if name != platform.service_name(key):
        said["name"] = name
    if cluster != platform.cluster:
        said["cluster"] = cluster
    if state.discovery:
        said["discovery"] = state.discovery
    return said | (_without_registries(state) if state.discovery else {})


def _without_registries(state: ServiceState) -> Plain:
    fields = words(state.settings["serviceName"], state.described, state.settings)
    service = copied(fields.get("service", {}))
    service.pop("serviceRegistries", None)
    return {"service": service}


def _in_order(fields: Plain) -> Plain:
    """Return ``fields`` in the order in which the reference tells of them."""
    order = [name for name in ServiceSpec.model_fields if name in fields]
    return {name: fields[name] for name in order}


def _hidden(path: str) -> str:
    return (
        f"{path} looks like a secret and is not shown: keep it in Secrets Manager, and "
        f"write its name instead of {PLACE}"
    )


def _renamed(name: str, state: ServiceState) -> Iterator[str]:
    definition = state.described
    if definition.get("family") != name:
        yield f"its revisions are of family {definition.get('family')}; ours are {name}"
    own = own_container(name, [*definition["containerDefinitions"]])
    if own["name"] != name:
        yield f"its container is called {own['name']}; ours is {name}"


def _left(spec: ServiceSpec, state: ServiceState) -> Iterator[str]:
    """Yield what applying the entry would change all the same."""
    for change in compare(spec, state):
        yield f"{change.path} cannot be said as it is; applying changes it"
