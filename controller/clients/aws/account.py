"""Check of the AWS account, before any other call."""

from difflib import get_close_matches

from controller.core.dependencies import Aws
from controller.core.errors import DriverError, RefusedError

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


def verify_account(aws: Aws, account: str, region: str) -> None:
    """Check that the credentials belong to ``account`` and that ``region`` exists.

    Raises:
        RefusedError: They belong to another account or partition, or the check failed.
    """
    try:
        identity = aws.call("sts", "GetCallerIdentity")
    except DriverError as error:
        msg = _unknown_region(region)
        msg = msg or f"the AWS account could not be checked: {error}"
        raise RefusedError(msg) from error
    actual, arn = identity["Account"], identity["Arn"]
    if actual != account:
        msg = (
            f"the document is for AWS account {account},"
            f" but the credentials belong to {actual} ({arn})"
        )
        raise RefusedError(msg)
    expected, partition = _partition(region), arn.split(":")[1]
    if partition != expected:
        msg = (
            f"region {region} is in AWS partition {expected},"
            f" but the credentials belong to {partition} ({arn})"
        )
        raise RefusedError(msg)


def _unknown_region(region: str) -> str:
    """Return a message if botocore does not know ``region``, and otherwise "".

    Called only after a failure: AWS has regions that an older botocore does not know.
    """
    from botocore.session import Session

    partition = _partition(region)
    known = Session().get_available_regions("sts", partition)
    if not known or region in known:
        return ""
    similar = get_close_matches(region, known, 3) or sorted(known)
    return f"AWS has no region {region}; did you mean {' or '.join(similar)}?"


def _partition(region: str) -> str:
    return next(
        (name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws"
    )
