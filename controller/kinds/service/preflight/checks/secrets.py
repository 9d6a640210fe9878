"""Check of referenced secrets and parameters. No value is ever read."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckFinding, CheckSkipped, Result
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.service_case import ServiceCase, of, state

# ECS fails to start a task, with ResourceInitializationError, when it cannot resolve
# one; "Pass sensitive data to an Amazon ECS container", developer guide.
_WHY = "tasks cannot start without it."


def exist(case: ServiceCase) -> Iterator[Result]:
    """Yield each reference to something that does not exist."""
    if not case.spec.secrets:
        yield CheckSkipped(case.check, "no secrets are declared")
    for name, reference in sorted(case.spec.secrets.items()):
        path = f"secrets.{name}"
        if reference.ssm:
            seen = of(case.facts.parameters, reference.ssm)
            yield from case.unless_present(
                seen, _no_parameter(case, path, reference.ssm)
            )
        else:
            secret = reference.secret.name
            seen = of(case.facts.secrets, secret)
            yield from case.unless_present(seen, _no_secret(case, path, secret))
            if (found := state(seen)) and found.scheduled_for_deletion:
                yield _deleted(case, path, secret)


def keys(case: ServiceCase) -> Iterator[Result]:
    """Yield that JSON keys inside secrets are not checked."""
    found = [
        name
        for name, reference in sorted(case.spec.secrets.items())
        if reference.secretsmanager and reference.secret.json_key
    ]
    if found:
        yield CheckSkipped(
            case.check, f"the values of {', '.join(found)} would have to be read"
        )
    else:
        yield CheckSkipped(case.check, "no secrets are declared")


def _no_parameter(case: ServiceCase, path: str, name: str) -> CheckFinding:
    if name in case.facts.published:
        # It would be a mistake to create it by hand: the controller does.
        message = (
            f"SSM parameter {name} does not exist yet: {_WHY} An endpoint publishes it "
            "as soon as its address answers."
        )
        return case.blocks(path, message)
    message = f"SSM parameter {name} does not exist: {_WHY}"
    words = ("ssm", "put-parameter", "--name", name, "--type", "SecureString")
    value = ("--value", "file://value.txt")
    return case.blocks(path, message, aws(case.spec.region, *words, *value))


def _no_secret(case: ServiceCase, path: str, name: str) -> CheckFinding:
    message = f"Secret {name} does not exist: {_WHY}"
    words = ("secretsmanager", "create-secret", "--name", name)
    value = ("--secret-string", "file://value.txt")
    return case.blocks(path, message, aws(case.spec.region, *words, *value))


def _deleted(case: ServiceCase, path: str, name: str) -> CheckFinding:
    message = f"Secret {name} is scheduled for deletion: {_WHY}"
    words = ("secretsmanager", "restore-secret", "--secret-id", name)
    return case.blocks(path, message, aws(case.spec.region, *words))
