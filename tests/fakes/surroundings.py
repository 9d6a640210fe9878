"""Complete prerequisites of a service; a test removes one of them."""

from dataclasses import replace
from typing import Any

from controller.core.document.platform import Platform
from controller.core.resources.observation import Present
from controller.kinds.service import KIND
from controller.kinds.service.preflight.catalog import results_of
from controller.kinds.service.preflight.facts import (
    DatabaseInstance,
    Facts,
    IamRole,
    RedisCache,
    RegistryImage,
    S3Bucket,
    SecurityGroup,
    SecurityGroupRule,
    StoredSecret,
    Subnet,
)
from controller.kinds.service.spec import aws_names
from controller.kinds.service.spec.service import ServiceSpec

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
REDIS_GROUP, DATABASE_GROUP = "sg-00000001", "sg-00000002"


def spec_of(**fields: Any) -> ServiceSpec:
    """Return the declared service ``api``."""
    entry = ServiceSpec.model_validate({"image": "hokusai/api:1", **fields})
    return KIND.complete("api", entry, PLATFORM)


def all_well(spec: ServiceSpec) -> Facts:
    """Return facts with every prerequisite of ``spec``."""
    ours = spec.network.security_groups
    admits = (SecurityGroupRule(ports=(1, 65_535), groups=frozenset(ours)),)
    group = Present(SecurityGroup("vpc-1", admits))
    references = spec.secrets.values()
    roles = [arn for _, arn in aws_names.roles(spec)]
    buckets = [bucket for _, bucket in aws_names.buckets(spec)]
    image = Present(RegistryImage(frozenset({spec.architecture})))
    cache, database = (
        RedisCache(6379, (REDIS_GROUP,)),
        DatabaseInstance(groups=(DATABASE_GROUP,)),
    )
    return Facts(
        images={spec.image: image} if aws_names.ecr_image(spec.image) else {},
        secrets={
            r.secret.name: Present(StoredSecret())
            for r in references
            if r.secretsmanager
        },
        parameters={r.ssm: Present(True) for r in references if r.ssm},
        roles={arn: Present(IamRole()) for arn in roles},
        reach={(arn, b): Present(()) for arn in roles for b in buckets},
        subnets={
            id_: Present(Subnet("vpc-1", f"us-east-1{i}", f"10.0.{i}.0/24"))
            for i, id_ in enumerate(spec.network.subnets)
        },
        groups=dict.fromkeys((*ours, REDIS_GROUP, DATABASE_GROUP), group),
        buckets={bucket: Present(S3Bucket()) for bucket in buckets},
        caches={c.redis: Present(cache) for c in spec.connects if c.redis},
        databases={c.database: Present(database) for c in spec.connects if c.database},
    )


def results(spec: ServiceSpec, **taken: Any) -> Any:
    """Return the results of the checks on complete facts, changed by ``taken``."""
    return results_of(spec, replace(all_well(spec), **taken))
