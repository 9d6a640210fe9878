"""botocore's errors, and AWS's, as ours.

Codes rather than classes: each AWS service defines its own classes, but the code
is on every answer. What stands in no table is permanent, unless the server says
with its status that the fault is its own.
"""

from collections.abc import Mapping
from typing import Any

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from controller.clients.aws.calls import is_write
from controller.core.errors import (
    ConflictError,
    DriverError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from controller.core.values.redact import redact

_SERVER_FAULT = 500
_NOT_FOUND = 404
_TOO_MANY = 429

THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyUpdates",
    }
)
NOT_FOUND = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "CacheClusterNotFound",
        "ClusterNotFoundException",
        "CustomHealthNotFound",
        "DBInstanceNotFound",
        "DBParameterGroupNotFound",
        "ImageNotFoundException",
        "InstanceNotFound",
        "InvalidSecurityGroupID.NotFound",
        "InvalidSubnetID.NotFound",
        "LayersNotFoundException",
        "ListenerNotFound",
        "LoadBalancerNotFound",
        "NamespaceNotFound",
        "NamespaceNotFoundException",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchKey",
        "NotFoundException",
        "ObjectNotFoundException",
        "OperationNotFound",
        "ParameterNotFound",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
        "QueueDoesNotExist",
        "RuleNotFound",
        "ServiceDeploymentNotFoundException",
        "ServiceNotActiveException",
        "ServiceNotFound",
        "ServiceNotFoundException",
        "TargetGroupNotFound",
        "TargetNotFoundException",
        "TaskSetNotFoundException",
    }
)
CONFLICT = frozenset(
    {
        "AlreadyExistsException",
        "ConflictException",
        "DuplicateListener",
        "DuplicateLoadBalancerName",
        "DuplicateTargetGroupName",
        "EntityAlreadyExists",
        "NamespaceAlreadyExists",
        "ParameterAlreadyExists",
        "PriorityInUse",
        "RepositoryAlreadyExistsException",
        "ResourceAlreadyExistsException",
        "ResourceConflictException",
        "ResourceExistsException",
        "ResourceInUse",
        "ResourceInUseException",
        "ServiceAlreadyExists",
    }
)
# Somebody else is at it, or AWS is not ready yet: the same call passes later.
BUSY = frozenset(
    {
        "ConcurrentModificationException",
        "ConcurrentUpdateException",
        "DuplicateRequest",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "InternalServiceException",
        "OperationAbortedException",
        "PriorRequestNotComplete",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "TransactionInProgressException",
        "UpdateInProgressException",
    }
)
# ECS says several things with one code; the words tell them apart.
_BY_WORDS: tuple[tuple[str, type[DriverError]], ...] = (
    ("too many concurrent attempts", ThrottledError),
    ("unable to describe task definition", NotFoundError),
    ("was not idempotent", ConflictError),
)
# What a person does about a refusal, by its code; the call is named before.
_EXPIRED = "the credentials have expired: get new ones, as with `aws sso login`"
_UNKNOWN = "the credentials are not known to AWS: see `aws configure`"
_DENIED = (
    "allow that to `platform.role`, or to whom `aws sts get-caller-identity` names"
)
_MENDED_BY: Mapping[str, str] = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "AuthorizationError": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidClientTokenId": _UNKNOWN,
    "UnauthorizedOperation": _DENIED,
    "UnrecognizedClientException": _UNKNOWN,
}
# The request was on its way when these happened.
_AFTER_SENDING = (
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.ChecksumError,
    boto.FlexibleChecksumError,
    ResponseParserError,
)
# A closer look, or another moment, may find it well.
_PASSING = (
    boto.ConnectionError,
    boto.CapacityNotAvailableError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
)
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.NoAuthTokenError,
    boto.LoginError,
    boto.SSOError,
    boto.TokenRetrievalError,
)
# Parameters whose value must not come back in a message.
_SECRET_PARAMETERS = frozenset({"Value", "SecretString", "SecretBinary"})

# All that botocore raises when a call fails.
FOREIGN = (
    boto.BotoCoreError,
    boto.ClientError,
    boto.UndefinedModelAttributeError,
    ResponseParserError,
)


def translated(
    error: Exception, service: str, operation: str, parameters: Mapping[str, Any]
) -> DriverError:
    """Return ``error`` as one of ours, named after the call and without secrets."""
    call = f"{service}:{operation}"
    secrets = [
        value
        for name, value in parameters.items()
        if name in _SECRET_PARAMETERS and isinstance(value, str)
    ]
    kind, what, why = _verdict(error, is_write(operation))
    return kind(f"{call} {what}: {redact(why, secrets)}")


def _verdict(error: Exception, writing: bool) -> tuple[type[DriverError], str, str]:
    """Return the class of error, what happened, and why."""
    if isinstance(error, boto.ClientError):
        return _answered(error)
    why = f"{type(error).__name__}: {error}"
    if isinstance(error, _AFTER_SENDING) and writing:
        return OutcomeUnknownError, "may or may not have happened", why
    if isinstance(error, _AFTER_SENDING):
        return TransientError, "got no answer", why
    if isinstance(error, _PASSING) and not isinstance(error, boto.SSLError):
        return TransientError, "could not be sent", why
    if isinstance(error, _NO_CREDENTIALS):
        why += "; see `aws configure` or `aws sso login`"
    return PermanentError, "could not be sent", why


def _answered(error: Exception) -> tuple[type[DriverError], str, str]:
    response: Mapping[str, Any] = getattr(error, "response", {})
    details = response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _by_code(code, message, status)
    why = f"{code}: {message}" if message else code
    if code in _MENDED_BY:
        why = f"{why.rstrip('.')}; {_MENDED_BY[code]}"
    what = "failed" if issubclass(kind, TransientError) else "was refused"
    return kind, what, why


def _by_code(code: str, message: str, status: int) -> type[DriverError]:
    words = message.lower()
    for phrase, kind in _BY_WORDS:
        if phrase in words:
            return kind
    if code in THROTTLED or status == _TOO_MANY:
        return ThrottledError
    if code in NOT_FOUND or status == _NOT_FOUND:
        return NotFoundError
    if code in CONFLICT:
        return ConflictError
    if code in BUSY or status >= _SERVER_FAULT:
        return TransientError
    return PermanentError
