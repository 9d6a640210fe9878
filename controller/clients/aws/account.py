"""Make sure it is the right account before anything else is asked of it."""

from difflib import get_close_matches

from controller.core.dependencies import Aws
from controller.core.errors import DriverError, RefusedError

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


def verify_account(aws: Aws, account: str, region: str) -> None:
    """Return if the credentials belong to ``account``, where ``region`` exists.

    Raises:
        RefusedError: they belong elsewhere, or could not be checked.
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
    """Return that there is no such region, if that explains why nobody answers.

    Asked only after a failure: AWS may know regions that botocore does not.
    """
    from botocore.session import Session

    partition = _partition(region)
    known = Session().get_available_regions("sts", partition)
    if not known or region in known:
        return ""
    near = get_close_matches(region, known, 3) or sorted(known)
    return f"AWS does not know region {region}; did you mean {' or '.join(near)}?"


def _partition(region: str) -> str:
    return next(
        (name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws"
    )
