"""Requirements of a document on the local platform."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from controller.core.dependencies import published_parameters
from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError
from controller.emulation.loopback import NotLoopbackError, require_loopback
from controller.emulation.platform import Requirements
from controller.emulation.runtimes.images import ImageCommand
from controller.kinds.service.spec import aws_names
from controller.local.routes import balancers_of, hosts_of
from controller.spec.document import Document


def requirements_of(document: Document, root: Path) -> Requirements:
    """Return the AWS objects and images that ``document`` needs on this machine.

    Raises:
        RefusedError: The document delivers webhooks to another machine, or to several
            ports.
    """
    networks = [document.platform.network]
    services = [
        r.spec for id_, r in document.resources.items() if id_.kind == "service"
    ]
    networks += [spec.network for spec in services]
    secrets: defaultdict[str, set[str]] = defaultdict(set)
    parameters: set[str] = set()
    for reference in _references(document):
        if reference.ssm:
            parameters.add(reference.ssm)
        elif reference.secretsmanager:
            part = reference.secret
            secrets[part.name] |= {part.json_key} if part.json_key else set()
    targets = [
        (id_, r.spec) for id_, r in document.resources.items() if id_.kind == "webhook"
    ]
    queues = [(id_, spec.sqs) for id_, spec in targets if spec.sqs is not None]
    buses = [(id_, s.eventbridge) for id_, s in targets if s.eventbridge is not None]
    # The controller creates these, with addresses.
    parameters -= published_parameters(document.resources)
    return Requirements(
        cluster=document.platform.cluster,
        namespace=document.platform.namespace,
        images=image_commands(document, root),
        secrets={name: frozenset(keys) for name, keys in secrets.items()},
        parameters=frozenset(parameters),
        subnets=frozenset(id_ for n in networks for id_ in n.subnets),
        security_groups=frozenset(id_ for n in networks for id_ in n.security_groups),
        roles=frozenset(
            aws_names.role_name(arn)
            for spec in services
            for _, arn in aws_names.roles(spec)
        ),
        repositories=frozenset(
            (image.repository, image.tag)
            for spec in services
            if (image := aws_names.ecr_image(spec.image)) and not image.digest
        ),
        buckets=frozenset(b for spec in services for _, b in aws_names.buckets(spec)),
        queues=frozenset(_local_name(id_, spec.queue) for id_, spec in queues),
        buses=frozenset(_local_name(id_, spec.bus) for id_, spec in buses),
        receiver_port=_receiver_port(document),
        owner=document.platform.owner,
        balancers=balancers_of(document),
        hosts=hosts_of(document),
    )


def image_commands(document: Document, root: Path) -> dict[str, ImageCommand]:
    """Return the command that replaces each image on this machine.

    ``{root}`` in a command or environment is replaced by the document's folder.
    """
    section = document.local
    if section is None:
        return {}
    return {
        name: ImageCommand(
            tuple(word.replace("{root}", str(root)) for word in image.command),
            {k: v.replace("{root}", str(root)) for k, v in image.environment.items()},
        )
        for name, image in section.images.items()
    }


def _references(document: Document) -> Iterator[SecretReference]:
    for resource in document.resources.values():
        match resource.id.kind:
            case "service":
                yield from resource.spec.secrets.values()
            case "webhook":
                yield from resource.spec.secret_references.values()
            case _:
                continue


def _receiver_port(document: Document) -> int:
    """Return the port of all webhooks, or 0 if there are none."""
    ports = {
        _port(resource)
        for id_, resource in document.resources.items()
        if id_.kind == "webhook" and resource.spec.url
    }
    if len(ports) > 1:
        msg = (
            "webhooks use several ports, but the local platform has one receiver:"
            " give all webhooks the same port"
        )
        raise RefusedError(msg)
    return ports.pop() if ports else 0


def _local_name(id_: ResourceId, name: str) -> str:
    """Return the name of a queue or event bus, which the local platform creates."""
    if ":" in name:
        msg = (
            f"{id_} sends to {name}, which is not this machine: write its name alone in "
            "specs/environments/local.yaml"
        )
        raise RefusedError(msg)
    return name


def _port(resource: Resource[Any]) -> int:
    url = urlsplit(resource.spec.url)
    try:
        require_loopback(url.hostname or "")
    except NotLoopbackError:
        msg = (
            f"{resource.id} delivers to {url.hostname}, which is not this machine: "
            "redirect it in specs/environments/local.yaml"
        )
        raise RefusedError(msg) from None
    return url.port or 80
