"""Preflight checks of webhook targets."""

import pytest

from controller.core.document.reference import SecretReference
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import NotFoundError, PermanentError, TransientError
from controller.core.planning.preflight import (
    CheckFinding,
    CheckPassed,
    CheckSkipped,
    CheckUnknown,
    Severity,
)
from controller.kinds.webhook.aws import TargetInspector
from controller.kinds.webhook.spec import WebhookSpec

SITE = ResourceId("webhook", "site")
FINE = (CheckPassed("secrets"), CheckPassed("address"))


class Backends:
    """AWS with one secret and one parameter, a resolver, and an environment."""

    def __init__(self):
        self.calls = []
        self.error = None
        self.deleted = {}
        self.unresolved = None

    def call(self, service, operation, /, **parameters):
        self.calls.append(f"{service}:{operation}")
        if self.error:
            raise self.error
        if service == "ssm":
            (wanted,) = parameters["ParameterFilters"][0]["Values"]
            return {"Parameters": [{"Name": wanted}] if wanted == "/t/key" else []}
        if parameters["SecretId"] != "key":
            message = f"{parameters['SecretId']} does not exist"
            raise NotFoundError(message)
        return {"VersionIdsToStages": {"v1": ["AWSCURRENT"]}, **self.deleted}

    def resolve(self, host):
        if self.unresolved:
            raise self.unresolved
        assert host

    def secret(self, reference):
        if reference.env != "SET":
            message = f"{reference} is not set: set it where the controller runs"
            raise NotFoundError(message)
        return "hunter2"


@pytest.fixture
def backends():
    return Backends()


def inspected(backends, *secrets, url="https://hokus.ai/hook"):
    spec = WebhookSpec(
        url=url, secrets=tuple(SecretReference.model_validate(one) for one in secrets)
    )
    inspector = TargetInspector(backends, backends, backends.secret, "us-east-1")
    return inspector.inspect({SITE: Resource(SITE, spec)})[SITE]


@pytest.mark.parametrize(
    "secret",
    [
        {"env": "SET"},
        {"secretsmanager": "key"},
        {"secretsmanager": "key::AWSCURRENT"},
        {"ssm": "/t/key"},
    ],
    ids=str,
)
def test_a_secret_that_exists_passes_without_a_read_of_a_value(backends, secret):
    assert inspected(backends, secret) == FINE
    assert {
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
    } >= {*backends.calls}


def test_a_missing_secret_of_the_authentication_is_named_by_its_field(backends):
    spec = WebhookSpec.model_validate(
        {
            "url": "https://hokus.ai/hook",
            "secrets": [{"env": "SET"}],
            "auth": {"certificate": {"chain": {"ssm": "/t/key"}, "key": {"env": "NO"}}},
        }
    )
    inspector = TargetInspector(backends, backends, backends.secret, "us-east-1")

    finding, _ = inspector.inspect({SITE: Resource(SITE, spec)})[SITE]

    assert finding.path == "auth.certificate.key"
    assert finding.severity is Severity.WARNS


@pytest.mark.parametrize(
    ("secret", "problem", "command"),
    [
        (
            {"env": "UNSET"},
            "env:UNSET is not set: set it where the controller runs",
            "",
        ),
        (
            {"secretsmanager": "other"},
            "secretsmanager:other does not exist",
            (
                "aws secretsmanager create-secret --name other --secret-string "
                "file://value.txt --region us-east-1"
            ),
        ),
        (
            {"secretsmanager": "key::AWSPENDING"},
            "secretsmanager:key::AWSPENDING has no version with the stage AWSPENDING",
            None,
        ),
        (
            {"ssm": "/t/other"},
            "ssm:/t/other does not exist",
            (
                "aws ssm put-parameter --name /t/other --type SecureString --value "
                "file://value.txt --region us-east-1"
            ),
        ),
    ],
    ids=["environment", "secret", "stage", "parameter"],
)
def test_a_missing_secret_warns_with_the_command_that_creates_it(
    backends, secret, problem, command
):
    finding, address = inspected(backends, secret)

    assert isinstance(finding, CheckFinding)
    assert finding.severity is Severity.WARNS
    assert finding.path == "secrets.0"
    assert finding.message.startswith(f"{problem}: nothing is sent")
    assert command is None or finding.command == command
    assert address == CheckPassed("address")


def test_a_secret_that_will_be_deleted_warns(backends):
    backends.deleted = {"DeletedDate": 1}

    finding, _ = inspected(backends, {"secretsmanager": "key"})

    assert "is scheduled for deletion" in finding.message


@pytest.mark.parametrize(
    "error", [PermanentError("no permission"), TransientError("no answer")]
)
def test_a_secret_that_cannot_be_described_is_unknown_and_holds_nothing(
    backends, error
):
    backends.error = error

    result, _ = inspected(backends, {"secretsmanager": "key"})

    assert result == CheckUnknown("secrets", f"{error}.", temporary=False)


def test_a_host_name_that_does_not_exist_warns(backends):
    backends.unresolved = NotFoundError("hokus.ai does not resolve: NXDOMAIN")

    _, finding = inspected(backends, {"env": "SET"})

    assert (finding.severity, finding.path) == (Severity.WARNS, "url")
    assert finding.message == "hokus.ai does not resolve: NXDOMAIN."


def test_without_an_answer_of_dns_the_address_is_unknown(backends):
    backends.unresolved = TransientError("no answer")

    _, result = inspected(backends, {"env": "SET"})

    assert result == CheckUnknown("address", "no answer.", temporary=False)


def test_no_name_server_is_asked_about_this_machine(backends):
    backends.unresolved = NotFoundError("localhost does not resolve")

    assert inspected(backends, {"env": "SET"}, url="http://localhost:80/") == FINE


class Destinations:
    """AWS with an event bus, a queue, and IAM; errors and decisions by operation."""

    def __init__(self, **answers):
        self.answers = {
            "GetCallerIdentity": {
                "Arn": "arn:aws:sts::123456789012:assumed-role/controller/session"
            },
            "GetRole": {"Role": {"Arn": "arn:aws:iam::123456789012:role/p/controller"}},
            "SimulatePrincipalPolicy": {
                "EvaluationResults": [{"EvalDecision": "allowed"}]
            },
            "DescribeEventBus": {"Arn": "arn:aws:events:us-east-1:123456789012:bus"},
            "GetQueueUrl": {"QueueUrl": "https://queue"},
            "GetQueueAttributes": {"Attributes": {"QueueArn": "arn:queue"}},
            **answers,
        }
        self.parameters = {}

    def call(self, _service, operation, /, **parameters):
        self.parameters[operation] = parameters
        answer = self.answers[operation]
        if isinstance(answer, Exception):
            raise answer
        return answer


DENIED = {"EvaluationResults": [{"EvalDecision": "implicitDeny"}]}
MISSING = NotFoundError("sqs:GetQueueUrl was refused: QueueDoesNotExist")
IN_AWS = [{"eventbridge": {"bus": "events"}}, {"sqs": {"queue": "events.fifo"}}]


def inspected_in_aws(fields, **answers):
    aws = Destinations(**answers)
    spec = WebhookSpec.model_validate(fields)
    inspector = TargetInspector(aws, None, None, "us-east-1")
    return inspector.inspect({SITE: Resource(SITE, spec)})[SITE], aws


@pytest.mark.parametrize("fields", IN_AWS, ids=["bus", "queue"])
def test_a_destination_that_exists_and_is_allowed_passes(fields):
    results, aws = inspected_in_aws(fields)

    assert results == (CheckPassed("destination"), CheckPassed("permission"))
    simulated = aws.parameters["SimulatePrincipalPolicy"]
    assert simulated["PolicySourceArn"].endswith("role/p/controller")


@pytest.mark.parametrize(
    ("fields", "answers", "command"),
    [
        (
            IN_AWS[0],
            {"DescribeEventBus": MISSING},
            "aws events create-event-bus --name events --region us-east-1",
        ),
        (
            IN_AWS[1],
            {"GetQueueUrl": MISSING},
            (
                "aws sqs create-queue --queue-name events.fifo --attributes "
                "FifoQueue=true --region us-east-1"
            ),
        ),
    ],
    ids=["bus", "queue"],
)
def test_a_missing_destination_warns_with_the_command_that_creates_it(
    fields, answers, command
):
    (finding, permission), _ = inspected_in_aws(fields, **answers)

    assert finding.severity is Severity.WARNS
    assert "does not exist: deliveries are retried until it exists" in finding.message
    assert finding.command == command
    assert isinstance(permission, CheckSkipped)


def test_a_missing_permission_warns_with_the_action():
    (_, finding), _ = inspected_in_aws(IN_AWS[1], SimulatePrincipalPolicy=DENIED)

    assert finding.path == "sqs.queue"
    assert "does not allow" in finding.message
    assert "sqs:SendMessage on arn:queue" in finding.message


def test_a_permission_that_cannot_be_simulated_is_skipped():
    refused = PermanentError("iam:SimulatePrincipalPolicy was refused: AccessDenied")

    (_, result), _ = inspected_in_aws(IN_AWS[0], SimulatePrincipalPolicy=refused)

    assert result == CheckSkipped("permission", str(refused))
