"""Messages of ECS in AWS's wording, because users and programs search for them."""

# As in pipe-cd/pipecd#6336.
NOT_FORCED = (
    "When switching from launch type to capacity provider strategy on an existing "
    "service, or making a change to a capacity provider strategy on a service that is "
    "already using one, you must force a new deployment."
)
# API reference, RunTask, ConflictException.
IN_USE = "The provided clientToken is already in use with a different RunTask request."
STEADY = "(service {service}) has reached a steady state."
STARTED = "(service {service}) has started {count} tasks: {tasks}."
STOPPED = "(service {service}) has stopped {count} running tasks: {tasks}."
REGISTERED = (
    "(service {service}) registered {count} targets in (target-group {target_group})"
)
DEREGISTERED = (
    "(service {service}) deregistered {count} targets in (target-group {target_group})"
)
DRAINING = "(service {service}) has begun draining connections on {count} tasks."
COMPLETED = "(service {service}) (deployment {deployment}) deployment completed."
FAILED = (
    "(service {service}) (deployment {deployment}) deployment failed: "
    "tasks failed to start."
)
ROLLING_BACK = "(service {service}) rolling back to deployment {deployment}."
IMPAIRED = (
    "(service {service}) is unable to consistently start tasks successfully. "
    "For more information, see the Troubleshooting section of the Amazon ECS "
    "Developer Guide."
)
STUCK = (
    "(service {service}) was unable to stop or start tasks during a deployment "
    "because of the service deployment configuration. Update the "
    "minimumHealthyPercent or maximumPercent value and try again."
)
UNPLACED = "(service {service}) was unable to place a task. Reason: {reason}."
FAILED_CONTAINER_CHECK = (
    "(service {service}) (task {task}) failed container health checks."
)
UNHEALTHY_TARGET = (
    "(service {service}) (task {task}) (port {port}) is unhealthy in "
    "(target-group {target_group}) due to (reason Health checks failed)."
)

IN_PROGRESS = "ECS deployment {deployment} in progress."
DEPLOYED = "ECS deployment {deployment} completed."
BREAKER_TRIPPED = "ECS deployment circuit breaker: tasks failed to start."
BREAKER_ROLLBACK = (
    "ECS deployment circuit breaker: rolling back to deploymentId {deployment}."
)
USER_ROLLBACK = (
    "ECS deployment stopped by user: rolling back to deploymentId {deployment}."
)
STOPPED_BY_USER = "ECS deployment stopped by user."

ROLLED_BACK = (
    "Service deployment rolled back because the circuit breaker threshold was exceeded."
)
BREAKER_STOPPED = (
    "Service deployment stopped because the circuit breaker threshold was exceeded."
)
ROLLBACK_FAILED = (
    "Service deployment rollback failed because tasks of the earlier service "
    "revision failed to start."
)
ROLLED_BACK_BY_USER = "Service deployment rolled back because a user stopped it."
SUPERSEDED = (
    "Service deployment stopped because it was replaced by a newer service deployment."
)
SERVICE_DELETED = "Service deployment stopped because the service was deleted."

SCALING = "Scaling activity initiated by (deployment {deployment})"
ESSENTIAL_EXITED = "Essential container in task exited"
FAILED_CHECKS = "Task failed container health checks"
FAILED_TARGET = "Task failed ELB health checks in (target-group {target_group})"
USER_STOPPED = "Task stopped by user"
UNRESOLVED = (
    "ResourceInitializationError: unable to pull secrets or registry auth: "
    "execution resource retrieval failed: {reason}"
)
NO_LOG = (
    "ResourceInitializationError: failed to validate logger args: create stream "
    "has been retried 1 times: failed to create Cloudwatch log stream: {reason}"
)
NO_LOG_REGION = (
    "CannotStartContainerError: Error response from daemon: failed to initialize "
    "logging driver: failed to create Cloudwatch log stream: RequestError: send request "
    'failed caused by: Post "https://logs.{region}.amazonaws.com/": dial tcp: lookup '
    "logs.{region}.amazonaws.com: no such host"
)
# Not an AWS message: an error of the emulator itself.
STEP_FAILED = "CannotStartContainerError: the emulator failed: {error}"
NO_ADDRESS = "RESOURCE:ENI: {reason}"
NO_IMAGE = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
    "failed to resolve ref {image}: {image}: not found"
)
