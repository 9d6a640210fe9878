"""AWS client with one call method, one tree of errors, and stackable wrappers.

The only package that imports boto3 or botocore, and only when a client is created.
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
