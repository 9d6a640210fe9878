"""Import of the live services of a cluster as entries of the document."""

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
from controller.kinds.service.importing.attachments import (
    with_attachments,
    with_routes,
)
from controller.kinds.service.importing.aws.attachments import ImportedAttachments
from controller.kinds.service.importing.fields import document_fields, own_container
from controller.kinds.service.importing.minimal import minimal, spec_of, valid
from controller.kinds.service.importing.secrets import PLACEHOLDER, without_secrets
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import tags_of

_PAGE = 100


class Importer:
    """Reader of services as entries of the document. Writes nothing."""

    def __init__(
        self, aws: Aws, ecs: EcsServices, platform: Platform, clock: Clock
    ) -> None:
        self._aws = aws
        self._ecs = ecs
        self._cloud_map = CloudMap(aws)
        self._platform = platform
        self._attachments = ImportedAttachments(aws, platform, clock)

    def entries(
        self, wanted: ImportSelection, secret: LooksSecret
    ) -> Iterator[ImportedEntry]:
        """Yield an entry for each selected service, sorted by name."""
        cluster = wanted.within or self._platform.cluster
        names = [wanted.name] if wanted.name else self._names(cluster)
        found = self._ecs.services(cluster, names)
        states = [self._state(found.get(name), name, cluster) for name in sorted(names)]
        for state in self._attachments.with_all(states):
            name = state.settings["serviceName"]
            key = wanted.key or key_of(name, self._platform)
            entry = entry_of(key, state, self._platform, secret)
            remarks = (*entry.remarks, *self._attachments.problems)
            yield replace(entry, remarks=remarks)

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
        names = [self._cloud_map.name_of(found["registryArn"]) for found in registries]
        seen = state.registered_as(names[0] if len(names) == 1 else None)
        managed = tags_of(service).get(MANAGED_TAG, "").split()
        return replace(seen, managed=frozenset(managed))


def entry_of(
    key: str, state: ServiceState, platform: Platform, secret: LooksSecret
) -> ImportedEntry:
    """Return the shortest entry that declares ``state``.

    Args:
        key: Key of the entry.
        state: Live service, with its whole revision.
        platform: Settings of the platform.
        secret: Predicate of the values that must not be printed.
    """
    name = state.settings["serviceName"]
    found = document_fields(name, state.described, state.settings)
    found |= _place(key, name, state, platform)
    found = with_attachments(found, state)
    secrets = without_secrets(found, secret)
    found, route_remarks = with_routes(key, found, state, platform)
    fields = minimal(key, valid(key, found, platform), platform)
    spec = spec_of(key, fields, platform)
    remarks = (
        *(_secret_remark(path) for path in secrets),
        *_renamed(name, state),
        *route_remarks,
        *_remaining_changes(spec, state),
    )
    return ImportedEntry("services", key, {"adopt": True, **_in_order(fields)}, remarks)


def _place(key: str, name: str, state: ServiceState, platform: Platform) -> Plain:
    """Return the name, cluster and discovery that do not follow from the key."""
    cluster = state.settings["clusterArn"].rpartition("/")[2]
    fields: Plain = {}
    if name != platform.service_name(key):
        fields["name"] = name
    if cluster != platform.cluster:
        fields["cluster"] = cluster
    if state.discovery:
        fields["discovery"] = state.discovery
    return fields | (_without_registries(state) if state.discovery else {})


def _without_registries(state: ServiceState) -> Plain:
    name = state.settings["serviceName"]
    fields = document_fields(name, state.described, state.settings)
    service = copied(fields.get("service", {}))
    service.pop("serviceRegistries", None)
    return {"service": service}


def _in_order(fields: Plain) -> Plain:
    """Return ``fields`` in the order of the reference."""
    order = [name for name in ServiceSpec.model_fields if name in fields]
    return {name: fields[name] for name in order}


def _secret_remark(path: str) -> str:
    return (
        f"{path} looks like a secret and is not printed: store it in Secrets Manager "
        f"and replace {PLACEHOLDER} with its name"
    )


def _renamed(name: str, state: ServiceState) -> Iterator[str]:
    definition = state.described
    if definition.get("family") != name:
        family = definition.get("family")
        yield f"its task definition family is {family}; the controller uses {name}"
    own = own_container(name, [*definition["containerDefinitions"]])
    if own["name"] != name:
        yield f"its container is named {own['name']}; the controller uses {name}"


def _remaining_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[str]:
    """Yield the fields that applying the entry would change."""
    for change in compare(spec, state):
        yield f"{change.path} cannot be imported exactly; apply would change it"
