"""Errors of ECS, with AWS's codes and messages.

EmulationError
├── EcsError        an error response: code, message, HTTP status
└── NoReplyError    no response; the call may have been carried out
"""


class EmulationError(Exception):
    """An intended failure of an emulated call."""


class EcsError(EmulationError):
    """An error response in the wording of AWS.

    Attributes:
        code: Name of AWS's exception, which clients match.
        message: AWS's message.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NoReplyError(EmulationError):
    """A connection closed without a response."""


def invalid(message: str) -> EcsError:
    """Return the error for an invalid parameter."""
    return EcsError("InvalidParameterException", message)


def client_error(message: str) -> EcsError:
    """Return ECS's general error for a fault of the client."""
    return EcsError("ClientException", message)


def cluster_not_found() -> EcsError:
    """Return the error for a cluster that does not exist or is INACTIVE."""
    return EcsError("ClusterNotFoundException", "Cluster not found.")


def service_not_found() -> EcsError:
    """Return the error for a service that does not exist in the cluster."""
    return EcsError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> EcsError:
    """Return the error for a write to a DRAINING or INACTIVE service."""
    return EcsError("ServiceNotActiveException", "Service was not ACTIVE.")


def not_found(message: str) -> EcsError:
    """Return the error for an ARN of a resource that does not exist."""
    return EcsError("ResourceNotFoundException", message)


def deployment_not_found() -> EcsError:
    """Return the error for a service deployment that does not exist."""
    code = "ServiceDeploymentNotFoundException"
    return EcsError(code, "Service deployment was not found.")


def cluster_in_use(*, tasks: bool) -> EcsError:
    """Return the error for deleting a cluster that has services, or tasks."""
    contents = "Tasks" if tasks else "Services"
    message = f"The Cluster cannot be deleted while {contents} are active."
    return EcsError(f"ClusterContains{contents}Exception", message)


def conflict(message: str) -> EcsError:
    """Return the error for a request that contradicts an earlier one."""
    return EcsError("ConflictException", message)


def throttled() -> EcsError:
    """Return the error for an empty token bucket."""
    return EcsError("ThrottlingException", "Rate exceeded")


def server_error() -> EcsError:
    """Return ECS's general error for a fault of the server."""
    return EcsError(
        "ServerException", "Service Unavailable. Please try again later.", 500
    )


def unknown_operation(name: str) -> EcsError:
    """Return the error for an operation that is not simulated."""
    return EcsError(
        "UnknownOperationException",
        f"{name} is not an operation of the simulated Amazon ECS.",
    )
