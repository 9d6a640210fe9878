"""The errors ECS answers with, in AWS's codes and words.

EmulationError
├── EcsError        an answer: code, message, HTTP status
└── NoReplyError    no answer at all; the call may have been carried out
"""


class EmulationError(Exception):
    """Something the emulated AWS does to its caller on purpose."""


class EcsError(EmulationError):
    """A refused call, as AWS words it.

    Attributes:
        code: AWS's exception name, what clients switch on.
        message: AWS's sentence.
        status: the HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class NoReplyError(EmulationError):
    """The connection ends without an answer."""


def invalid(message: str) -> EcsError:
    """Return the error for a parameter that makes no sense."""
    return EcsError("InvalidParameterException", message)


def client_error(message: str) -> EcsError:
    """Return ECS's general "you did something wrong"."""
    return EcsError("ClientException", message)


def cluster_not_found() -> EcsError:
    """Return the error for a cluster that does not exist or is INACTIVE."""
    return EcsError("ClusterNotFoundException", "Cluster not found.")


def service_not_found() -> EcsError:
    """Return the error for a service that never existed in the cluster."""
    return EcsError("ServiceNotFoundException", "Service not found.")


def service_not_active() -> EcsError:
    """Return the error for a write to a DRAINING or INACTIVE service."""
    return EcsError("ServiceNotActiveException", "Service was not ACTIVE.")


def not_found(message: str) -> EcsError:
    """Return the error for an ARN that names nothing."""
    return EcsError("ResourceNotFoundException", message)


def deployment_not_found() -> EcsError:
    """Return the error for a service deployment that does not exist."""
    code = "ServiceDeploymentNotFoundException"
    return EcsError(code, "Service deployment was not found.")


def cluster_in_use(*, tasks: bool) -> EcsError:
    """Return the error for deleting a cluster that holds services, or tasks."""
    what = "Tasks" if tasks else "Services"
    message = f"The Cluster cannot be deleted while {what} are active."
    return EcsError(f"ClusterContains{what}Exception", message)


def conflict(message: str) -> EcsError:
    """Return the error for a request that contradicts an earlier one."""
    return EcsError("ConflictException", message)


def throttled() -> EcsError:
    """Return the error for a bucket that has run dry."""
    return EcsError("ThrottlingException", "Rate exceeded")


def server_error() -> EcsError:
    """Return ECS's general "we did something wrong"."""
    return EcsError(
        "ServerException", "Service Unavailable. Please try again later.", 500
    )


def unknown_operation(name: str) -> EcsError:
    """Return the error for an operation that is not simulated."""
    return EcsError(
        "UnknownOperationException",
        f"{name} is not an operation of the simulated Amazon ECS.",
    )
