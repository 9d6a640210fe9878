"""AWS: one call, one tree of errors, and wrappers that count and check.

The only package that imports boto3 or botocore, and only once a client is made.
"""

from controller.clients.aws.account import verify_account
from controller.clients.aws.boto import BotoAws, Credentials
from controller.clients.aws.calls import CountingAws, is_write, paginated

__all__ = [
    "BotoAws",
    "CountingAws",
    "Credentials",
    "is_write",
    "paginated",
    "verify_account",
]
