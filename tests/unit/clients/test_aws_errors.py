"""Translation of every error of an AWS call."""

import inspect

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from controller.clients.aws.errors import FOREIGN, driver_error
from controller.core.errors import (
    ConflictError,
    DriverError,
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)

ALL = [
    cls
    for _, cls in inspect.getmembers(boto, inspect.isclass)
    if issubclass(cls, Exception) and not issubclass(cls, Warning)
]
AFTER_SENDING = {
    "ChecksumError",
    "ConnectionClosedError",
    "FlexibleChecksumError",
    "HTTPClientError",
    "IncompleteReadError",
    "ReadTimeoutError",
    "ResponseStreamingError",
}
TRANSIENT = {
    "CapacityNotAvailableError",
    "ConnectTimeoutError",
    "ConnectionError",
    "CredentialRetrievalError",
    "EndpointConnectionError",
    "MetadataRetrievalError",
    "ProxyConnectionError",
}


def error_of(cls):
    error = cls.__new__(cls)
    Exception.__init__(error, "why")
    return error


def answer(code, message="", status=400):
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return boto.ClientError(response, "AnyOperation")


def write(error: Exception, **parameters: str) -> DriverError:
    return driver_error(error, "ecs", "UpdateService", parameters)


def read(error: Exception) -> DriverError:
    return driver_error(error, "ecs", "DescribeServices", {})


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_each_class_of_botocore_is_caught_and_translated(cls):
    error = error_of(cls)

    assert isinstance(error, FOREIGN)
    if cls.__name__ in AFTER_SENDING:
        assert type(write(error)) is OutcomeUnknownError
        assert type(read(error)) is TransientError
    elif cls.__name__ in TRANSIENT:
        assert type(write(error)) is type(read(error)) is TransientError
    else:
        assert type(write(error)) is type(read(error)) is PermanentError


def test_an_answer_that_cannot_be_parsed_leaves_a_write_in_doubt():
    assert isinstance(write(ResponseParserError("<html>")), OutcomeUnknownError)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", PermanentError),
        ("ClusterNotFoundException", NotFoundError),
        ("InvalidParameterException", PermanentError),
        ("LimitExceededException", PermanentError),
        ("ParameterNotFound", NotFoundError),
        ("ResourceAlreadyExistsException", ConflictError),
        ("ResourceNotFoundException", NotFoundError),
        ("ServerException", TransientError),
        ("ServiceNotFoundException", NotFoundError),
        ("ThrottlingException", ThrottledError),
        ("TooManyRequestsException", ThrottledError),
        ("UpdateInProgressException", TransientError),
    ],
)
def test_an_error_code_decides_the_class_of_error(code, kind):
    assert type(write(answer(code))) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (429, ThrottledError), (500, TransientError)],
)
def test_the_status_decides_for_an_unknown_code(status, kind):
    assert type(write(answer("Whatever", status=status))) is kind


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Too many concurrent attempts to create a new revision", ThrottledError),
        ("Unable to describe task definition.", NotFoundError),
        ("Creation of service was not idempotent.", ConflictError),
    ],
)
def test_the_text_decides_for_an_ambiguous_code_of_ecs(words, kind):
    assert type(write(answer("ClientException", words))) is kind


def test_a_refusal_names_the_call_and_the_reason():
    error = write(answer("AccessDeniedException", "no ecs:UpdateService"))

    assert str(error) == (
        "ecs:UpdateService was refused: AccessDeniedException: no ecs:UpdateService; "
        "allow the call for `platform.role`, or for the identity that"
        " `aws sts get-caller-identity` prints"
    )


def test_a_secret_parameter_does_not_come_back_in_the_message():
    error = driver_error(
        boto.ParamValidationError(report="Invalid: hunter2-and-more"),
        "secretsmanager",
        "PutSecretValue",
        {"SecretString": "hunter2-and-more"},
    )

    assert "hunter2" not in str(error)
