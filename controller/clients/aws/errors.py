"""Translation of errors of botocore and AWS to ``core.errors``.

Errors of AWS are classified by code, because each service defines its own exception
classes. A code in none of the tables is permanent, unless the status is 5xx.
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
        "InvalidResourceId",
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
# A concurrent change, or AWS is not ready yet: the same call succeeds later.
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
# ECS uses one code for several errors; only the text tells them apart.
_BY_PHRASE: tuple[tuple[str, type[DriverError]], ...] = (
    ("too many concurrent attempts", ThrottledError),
    ("unable to describe task definition", NotFoundError),
    ("was not idempotent", ConflictError),
)
# Remedy by error code; the message names the call before it.
_EXPIRED = "the credentials have expired: get new ones, as with `aws sso login`"
_UNKNOWN = "AWS does not know the credentials: see `aws configure`"
_DENIED = (
    "allow the call for `platform.role`, or for the identity that"
    " `aws sts get-caller-identity` prints"
)
_REMEDIES: Mapping[str, str] = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "AuthorizationError": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "InvalidClientTokenId": _UNKNOWN,
    "UnauthorizedOperation": _DENIED,
    "UnrecognizedClientException": _UNKNOWN,
}
# Errors after the request was sent.
_AFTER_SENDING = (
    boto.HTTPClientError,
    boto.IncompleteReadError,
    boto.ChecksumError,
    boto.FlexibleChecksumError,
    ResponseParserError,
)
# Errors that a later call may not meet.
_TRANSIENT = (
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
# Parameters whose values must not appear in a message.
_SECRET_PARAMETERS = frozenset({"Value", "SecretString", "SecretBinary"})

# Every exception that botocore raises when a call fails.
FOREIGN = (
    boto.BotoCoreError,
    boto.ClientError,
    boto.UndefinedModelAttributeError,
    ResponseParserError,
)


def driver_error(
    error: Exception, service: str, operation: str, parameters: Mapping[str, Any]
) -> DriverError:
    """Return ``error`` as a DriverError that names the call and holds no secret."""
    call = f"{service}:{operation}"
    secrets = [
        value
        for name, value in parameters.items()
        if name in _SECRET_PARAMETERS and isinstance(value, str)
    ]
    error_class, event, cause = _classified(error, is_write(operation))
    return error_class(f"{call} {event}: {redact(cause, secrets)}")


def error_code(error: Exception) -> str:
    """Return the error code of AWS that caused a DriverError; empty without one."""
    response: Mapping[str, Any] = getattr(error.__cause__, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


def _classified(error: Exception, writing: bool) -> tuple[type[DriverError], str, str]:
    """Return the class of the error, the event, and its cause."""
    if isinstance(error, boto.ClientError):
        return _classified_response(error)
    cause = f"{type(error).__name__}: {error}"
    if isinstance(error, _AFTER_SENDING) and writing:
        return OutcomeUnknownError, "may or may not have happened", cause
    if isinstance(error, _AFTER_SENDING):
        return TransientError, "got no response", cause
    if isinstance(error, _TRANSIENT) and not isinstance(error, boto.SSLError):
        return TransientError, "could not be sent", cause
    if isinstance(error, _NO_CREDENTIALS):
        cause += "; see `aws configure` or `aws sso login`"
    return PermanentError, "could not be sent", cause


def _classified_response(error: Exception) -> tuple[type[DriverError], str, str]:
    response: Mapping[str, Any] = getattr(error, "response", {})
    details = response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    error_class = _error_class(code, message, status)
    cause = f"{code}: {message}" if message else code
    if code in _REMEDIES:
        cause = f"{cause.rstrip('.')}; {_REMEDIES[code]}"
    event = "failed" if issubclass(error_class, TransientError) else "was refused"
    return error_class, event, cause


def _error_class(code: str, message: str, status: int) -> type[DriverError]:
    text = message.lower()
    for phrase, error_class in _BY_PHRASE:
        if phrase in text:
            return error_class
    if code in THROTTLED or status == _TOO_MANY:
        return ThrottledError
    if code in NOT_FOUND or status == _NOT_FOUND:
        return NotFoundError
    if code in CONFLICT:
        return ConflictError
    if code in BUSY or status >= _SERVER_FAULT:
        return TransientError
    return PermanentError
