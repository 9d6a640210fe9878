"""Names of AWS resources in a service's declaration: images, roles, buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controller.kinds.service.spec.service import ServiceSpec

_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<repository>[^:@]+)(?::(?P<tag>[^@:]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_BUCKET = re.compile("s3://([a-z0-9][a-z0-9.-]+[a-z0-9])(?=/|$)")


@dataclass(frozen=True, slots=True)
class EcrImage:
    """The parts of an image's address in ECR."""

    account: str
    region: str
    repository: str
    tag: str
    digest: str

    @property
    def id(self) -> dict[str, str]:
        """ECR's ImageIdentifier: the digest if there is one, otherwise the tag."""
        if self.digest:
            return {"imageDigest": self.digest}
        return {"imageTag": self.tag}


def ecr_image(image: str) -> EcrImage | None:
    """Return the parts of ``image``; None if it is not in ECR."""
    found = _ECR.fullmatch(image)
    if found is None:
        return None
    account, region, repository, tag, digest = found.groups()
    return EcrImage(account, region, repository, tag or "latest", digest or "")


def names_no_registry(image: str) -> bool:
    """Return True if ``image`` has no registry, so that Docker Hub is used."""
    host, slash, _ = image.partition("/")
    return not (slash and ("." in host or ":" in host or host == "localhost"))


def roles(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    """Yield the field and the ARN of each role."""
    if spec.roles.execution:
        yield "roles.execution", spec.roles.execution
    if spec.roles.task:
        yield "roles.task", spec.roles.task


def role_name(arn: str) -> str:
    """Return a role's name as IAM's API takes it: without the path."""
    return arn.rpartition("/")[2]


def account_of(arn: str) -> str:
    """Return the account id of an ARN."""
    return arn.split(":")[4]


def buckets(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    """Yield each bucket once: the field that names it first, and its name."""
    seen: set[str] = set()
    for name, value in sorted(spec.environment.items()):
        for bucket in _BUCKET.findall(value):
            if bucket not in seen:
                seen.add(bucket)
                yield f"environment.{name}", bucket
    for index, connect in enumerate(spec.connects):
        if connect.bucket and connect.bucket not in seen:
            seen.add(connect.bucket)
            yield f"connects[{index}].bucket", connect.bucket
