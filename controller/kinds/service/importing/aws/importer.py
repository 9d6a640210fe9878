"""Import of the live services of a cluster as entries of the document."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from controller.clients.aws import paginated
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.platform import Platform
from controller.core.errors import ControllerError, NotFoundError
from controller.core.resources.importing import (
    Imported,
    ImportedEntry,
    ImportFailure,
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
from controller.kinds.service.importing.fields import document_fields
from controller.kinds.service.importing.minimal import minimal, spec_of, valid
from controller.kinds.service.importing.own_container import own_container
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
    ) -> Iterator[Imported]:
        """Yield an entry or a failure for each selected service, sorted by name.

        Raises DriverError if the services cannot be read, or NotFoundError if there is
        none with the selected name.
        """
        cluster = wanted.within or self._platform.cluster
        names = [wanted.name] if wanted.name else self._names(cluster)
        found = self._ecs.services(cluster, names)
        if wanted.name and not exists(found.get(wanted.name)):
            msg = f"{wanted.name} does not exist in cluster {cluster}"
            raise NotFoundError(msg)
        # A service that was deleted since it was listed is not a failure.
        live = {name: found[name] for name in names if exists(found.get(name))}
        read = {name: self._state(service) for name, service in live.items()}
        states = [state for state in read.values() if isinstance(state, ServiceState)]
        whole = {
            state.settings["serviceName"]: state
            for state in self._attachments.with_all(states)
        }
        for name in sorted(live):
            key = wanted.key or key_of(name, self._platform)
            yield self._entry(key, whole.get(name, read[name]), secret)

    def _entry(
        self, key: str, state: ServiceState | ImportFailure, secret: LooksSecret
    ) -> Imported:
        if isinstance(state, ImportFailure):
            return state
        name = state.settings["serviceName"]
        try:
            entry = entry_of(key, state, self._platform, secret)
        except Exception as error:  # noqa: BLE001 - one service must not stop the others
            return _failure(name, error)
        remarks = (*entry.remarks, *self._attachments.problems)
        return replace(entry, remarks=remarks, name=name)

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

    def _state(self, service: Mapping[str, Any]) -> ServiceState | ImportFailure:
        try:
            return self._read(service)
        except Exception as error:  # noqa: BLE001 - one service must not stop the others
            return _failure(service["serviceName"], error)

    def _read(self, service: Mapping[str, Any]) -> ServiceState:
        state = self._ecs.state(service)
        registries = service.get("serviceRegistries", ())
        names = [self._cloud_map.name_of(found["registryArn"]) for found in registries]
        seen = state.registered_as(names[0] if len(names) == 1 else None)
        managed = tags_of(service).get(MANAGED_TAG, "").split()
        return replace(seen, managed=frozenset(managed))


def _failure(name: str, error: Exception) -> ImportFailure:
    """Return the failure of a service; an unexpected error is named by its type.

    The text of a validation error is not used, since it contains the invalid values.
    """
    if isinstance(error, ValidationError):
        found = error.errors()[0]
        place = ".".join(map(str, found["loc"]))
        return ImportFailure(name, f"{place} {found['msg']}".strip())
    if isinstance(error, ControllerError | ValueError) and str(error):
        return ImportFailure(name, str(error))
    return ImportFailure(name, f"unexpected {type(error).__name__}: {error}")


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
    own = own_container(name, definition["containerDefinitions"], state.settings)
    if own["name"] != name:
        yield f"its container is named {own['name']}; the controller uses {name}"


def _remaining_changes(spec: ServiceSpec, state: ServiceState) -> Iterator[str]:
    """Yield the fields that applying the entry would change."""
    for change in compare(spec, state):
        yield f"{change.path} cannot be imported exactly; apply would change it"
