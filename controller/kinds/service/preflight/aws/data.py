"""Reads of secrets and parameters (never values), buckets, databases and caches."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.values.batches import batched
from controller.kinds.service.preflight.aws.answers import fact_of, facts_of
from controller.kinds.service.preflight.facts import (
    DatabaseInstance,
    Fact,
    RedisCache,
    S3Bucket,
    StoredSecret,
)

# Most values of a filter of DescribeParameters; API reference.
_MOST_PARAMETERS = 50
_FORCES_TLS = "rds.force_ssl"
Answer = Mapping[str, Any]


def secrets(aws: Aws, names: Iterable[str]) -> dict[str, Fact]:
    """Return the fact about each secret; one call each.

    ListSecrets would be one call for all, but a new secret appears there late.
    """

    def read(name: str) -> StoredSecret:
        answer = aws.call("secretsmanager", "DescribeSecret", SecretId=name)
        return StoredSecret(
            scheduled_for_deletion=answer.get("DeletedDate") is not None
        )

    return {name: fact_of(partial(read, name)) for name in names}


def parameters(aws: Aws, paths: Collection[str]) -> dict[str, Fact]:
    """Return the fact about each parameter; one call for each 50."""
    seen: dict[str, Fact] = {}
    for batch in batched(sorted(paths), _MOST_PARAMETERS):
        seen |= facts_of(batch, partial(_parameters, aws, batch))
    return seen


def _parameters(aws: Aws, paths: list[str]) -> dict[str, bool]:
    found = paginated(
        aws,
        "ssm",
        "DescribeParameters",
        "Parameters",
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": paths}],
        MaxResults=_MOST_PARAMETERS,
    )
    return {answer["Name"]: True for answer in found}


def buckets(aws: Aws, names: Iterable[str]) -> dict[str, Fact]:
    """Return the fact about each bucket; two calls each."""

    def read(name: str) -> S3Bucket:
        aws.call("s3", "HeadBucket", Bucket=name)
        answer = aws.call("s3", "GetBucketVersioning", Bucket=name)
        return S3Bucket(versioned=answer.get("Status") == "Enabled")

    return {name: fact_of(partial(read, name)) for name in names}


def caches(aws: Aws, ids: Collection[str]) -> dict[str, Fact]:
    """Return the fact about each Redis; one call for all."""

    def read() -> dict[str, RedisCache]:
        found = paginated(
            aws,
            "elasticache",
            "DescribeCacheClusters",
            "CacheClusters",
            ShowCacheNodeInfo=True,
        )
        by_id: dict[str, RedisCache] = {}
        for answer in found:
            if answer.get("CacheClusterStatus") == "deleting":
                continue
            cache = _cache(answer)
            names = (answer["CacheClusterId"], answer.get("ReplicationGroupId"))
            by_id |= {name: cache for name in names if name}
        return by_id

    return facts_of(ids, read) if ids else {}


def databases(aws: Aws, ids: Collection[str]) -> dict[str, Fact]:
    """Return the fact about each database; one call for all, one each for settings."""

    def read() -> dict[str, DatabaseInstance]:
        filters = [{"Name": "db-instance-id", "Values": sorted(ids)}]
        found = paginated(
            aws, "rds", "DescribeDBInstances", "DBInstances", Filters=filters
        )
        return {a["DBInstanceIdentifier"]: _database(aws, a) for a in found}

    return facts_of(ids, read) if ids else {}


def _cache(answer: Answer) -> RedisCache:
    endpoints = [answer.get("ConfigurationEndpoint") or {}]
    endpoints += [n.get("Endpoint") or {} for n in answer.get("CacheNodes", ())]
    ports = [endpoint["Port"] for endpoint in endpoints if endpoint.get("Port")]
    groups = (g["SecurityGroupId"] for g in answer.get("SecurityGroups", ()))
    return RedisCache(ports[0] if ports else None, tuple(groups))


def _database(aws: Aws, answer: Answer) -> DatabaseInstance:
    groups = answer.get("DBParameterGroups", ())
    group = groups[0]["DBParameterGroupName"] if groups else ""
    return DatabaseInstance(
        engine=answer["Engine"],
        status=answer.get("DBInstanceStatus", "available"),
        port=(answer.get("Endpoint") or {}).get("Port"),
        groups=tuple(
            found["VpcSecurityGroupId"] for found in answer.get("VpcSecurityGroups", ())
        ),
        backup_days=answer.get("BackupRetentionPeriod", 0),
        parameters=group,
        forces_tls=_forces_tls(aws, group) if group else "",
    )


def _forces_tls(aws: Aws, group: str) -> str:
    """Return the setting that requires TLS; "" if the engine has none."""
    found = paginated(
        aws, "rds", "DescribeDBParameters", "Parameters", DBParameterGroupName=group
    )
    values = (
        p.get("ParameterValue", "") for p in found if p["ParameterName"] == _FORCES_TLS
    )
    return str(next(values, ""))
