"""Secrets and parameters by name, buckets, databases and caches; never a value."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.values.batches import batched
from controller.kinds.service.preflight.aws.answers import seen_all, seen_one
from controller.kinds.service.preflight.facts import (
    DatabaseInstance,
    RedisCache,
    S3Bucket,
    Seen,
    StoredSecret,
)

# What a filter of DescribeParameters takes at most; API reference.
_MOST_PARAMETERS = 50
_FORCES_TLS = "rds.force_ssl"
Answer = Mapping[str, Any]


def secrets(aws: Aws, names: Iterable[str]) -> dict[str, Seen]:
    """Return what there is of each secret; one call each, and no list that lags."""

    def look(name: str) -> StoredSecret:
        answer = aws.call("secretsmanager", "DescribeSecret", SecretId=name)
        return StoredSecret(doomed=answer.get("DeletedDate") is not None)

    return {name: seen_one(partial(look, name)) for name in names}


def parameters(aws: Aws, paths: Collection[str]) -> dict[str, Seen]:
    """Return what there is of each parameter; one call for 50."""
    seen: dict[str, Seen] = {}
    for batch in batched(sorted(paths), _MOST_PARAMETERS):
        seen |= seen_all(batch, partial(_parameters, aws, batch))
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


def buckets(aws: Aws, names: Iterable[str]) -> dict[str, Seen]:
    """Return what there is of each bucket; two calls each."""

    def look(name: str) -> S3Bucket:
        aws.call("s3", "HeadBucket", Bucket=name)
        answer = aws.call("s3", "GetBucketVersioning", Bucket=name)
        return S3Bucket(versioned=answer.get("Status") == "Enabled")

    return {name: seen_one(partial(look, name)) for name in names}


def caches(aws: Aws, ids: Collection[str]) -> dict[str, Seen]:
    """Return what there is of each Redis, all of them in one look."""

    def look() -> dict[str, RedisCache]:
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

    return seen_all(ids, look) if ids else {}


def databases(aws: Aws, ids: Collection[str]) -> dict[str, Seen]:
    """Return what there is of each database; one call, and a few for its settings."""

    def look() -> dict[str, DatabaseInstance]:
        filters = [{"Name": "db-instance-id", "Values": sorted(ids)}]
        found = paginated(
            aws, "rds", "DescribeDBInstances", "DBInstances", Filters=filters
        )
        return {a["DBInstanceIdentifier"]: _database(aws, a) for a in found}

    return seen_all(ids, look) if ids else {}


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
    """Return the setting that refuses connections without TLS; "" if there is none."""
    found = paginated(
        aws, "rds", "DescribeDBParameters", "Parameters", DBParameterGroupName=group
    )
    values = (
        p.get("ParameterValue", "") for p in found if p["ParameterName"] == _FORCES_TLS
    )
    return str(next(values, ""))
