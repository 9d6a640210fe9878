"""Every reference to a secret leads somewhere. No value is ever asked for."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckFinding, CheckSkipped, Result
from controller.kinds.service.preflight.case import ServiceCase, of, state
from controller.kinds.service.preflight.commands import aws

# ECS fails to start a task, with ResourceInitializationError, when it cannot resolve
# one; "Pass sensitive data to an Amazon ECS container", developer guide.
_WHY = "no task could be started without it."


def exist(case: ServiceCase) -> Iterator[Result]:
    """Yield each reference that leads nowhere."""
    if not case.spec.secrets:
        yield CheckSkipped(case.check, "it refers to none")
    for name, reference in sorted(case.spec.secrets.items()):
        path = f"secrets.{name}"
        if reference.ssm:
            seen = of(case.facts.parameters, reference.ssm)
            yield from case.unless_there(seen, _no_parameter(case, path, reference.ssm))
        else:
            secret = reference.secret.name
            seen = of(case.facts.secrets, secret)
            yield from case.unless_there(seen, _no_secret(case, path, secret))
            if (found := state(seen)) and found.doomed:
                yield _doomed(case, path, secret)


def keys(case: ServiceCase) -> Iterator[Result]:
    """Yield that JSON keys inside of secrets are not looked at."""
    found = [
        name
        for name, reference in sorted(case.spec.secrets.items())
        if reference.secretsmanager and reference.secret.json_key
    ]
    if found:
        yield CheckSkipped(
            case.check, f"it would take the values of {', '.join(found)}"
        )
    else:
        yield CheckSkipped(case.check, "it refers to none")


def _no_parameter(case: ServiceCase, path: str, name: str) -> CheckFinding:
    message = f"SSM parameter {name} does not exist: {_WHY}"
    words = ("ssm", "put-parameter", "--name", name, "--type", "SecureString")
    value = ("--value", "file://value.txt")
    return case.blocks(path, message, aws(case.spec.region, *words, *value))


def _no_secret(case: ServiceCase, path: str, name: str) -> CheckFinding:
    message = f"Secret {name} does not exist: {_WHY}"
    words = ("secretsmanager", "create-secret", "--name", name)
    value = ("--secret-string", "file://value.txt")
    return case.blocks(path, message, aws(case.spec.region, *words, *value))


def _doomed(case: ServiceCase, path: str, name: str) -> CheckFinding:
    message = f"Secret {name} is scheduled for deletion: {_WHY}"
    words = ("secretsmanager", "restore-secret", "--secret-id", name)
    return case.blocks(path, message, aws(case.spec.region, *words))
