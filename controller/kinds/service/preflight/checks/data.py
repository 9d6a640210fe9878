"""Checks of data stores: buckets and databases."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckSkipped, Result
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.facts import DatabaseInstance
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.spec.aws_names import buckets

# The region without a location constraint; CreateBucket, API reference.
_WITHOUT_LOCATION = "us-east-1"


def keep_objects(case: ServiceCase) -> Iterator[Result]:
    """Yield each bucket that is missing or not versioned."""
    wanted = tuple(buckets(case.spec))
    if not wanted:
        yield CheckSkipped(case.check, "no buckets are declared")
    for path, bucket in wanted:
        seen, region = of(case.facts.buckets, bucket), case.spec.region
        made = ["s3api", "create-bucket", "--bucket", bucket]
        if region != _WITHOUT_LOCATION:
            where = f"LocationConstraint={region}"
            made += ["--create-bucket-configuration", where]
        message = f"Bucket {bucket} does not exist."
        missing = case.blocks(path, message, aws(region, *made))
        yield from case.unless_present(seen, missing)
        if (found := state(seen)) and not found.versioned:
            words = ("s3api", "put-bucket-versioning", "--bucket", bucket)
            enabled = ("--versioning-configuration", "Status=Enabled")
            message = f"Bucket {bucket} is not versioned: overwritten objects are lost."
            yield case.warns(path, message, aws(region, *words, *enabled))


def databases(case: ServiceCase) -> Iterator[Result]:
    """Yield the findings about each database."""
    wanted = [(i, c.database) for i, c in enumerate(case.spec.connects) if c.database]
    if not wanted:
        yield CheckSkipped(case.check, "no databases are declared")
    for index, name in wanted:
        seen = of(case.facts.databases, name)
        yield from case.unreadable(seen)
        if found := state(seen):
            yield from _database(case, f"connects[{index}].database", name, found)


def _database(
    case: ServiceCase, path: str, name: str, found: DatabaseInstance
) -> Iterator[Result]:
    region = case.spec.region
    modify = ("rds", "modify-db-instance", "--db-instance-identifier", name)
    if found.engine not in {"postgres", "aurora-postgresql"}:
        message = f"Database {name} is {found.engine}, not PostgreSQL."
        shown = ("rds", "describe-db-instances", "--db-instance-identifier", name)
        yield case.blocks(path, message, aws(region, *shown))
    if found.status in {"stopped", "stopping", "deleting", "failed"}:
        message = f"Database {name} is {found.status}."
        start = ("rds", "start-db-instance", "--db-instance-identifier", name)
        yield case.blocks(path, message, aws(region, *start))
    if found.backup_days == 0:
        message = f"Database {name} is not backed up."
        days = ("--backup-retention-period", "7", "--apply-immediately")
        yield case.warns(path, message, aws(region, *modify, *days))
    if found.forces_tls == "0":
        message = f"Database {name} accepts connections without TLS."
        group = ("--db-parameter-group-name", found.parameters)
        value = "ParameterName=rds.force_ssl,ParameterValue=1,ApplyMethod=immediate"
        words = ("rds", "modify-db-parameter-group", *group, "--parameters", value)
        yield case.warns(path, message, aws(region, *words))
    elif not found.forces_tls:
        yield CheckSkipped(
            case.check, f"{found.engine} does not report its TLS setting"
        )
