"""One-off tasks that must succeed before a revision is rolled out, such as migrations.

Each runs once for a revision, and again for each requested retry. The result is a tag on
the revision, so that neither a crash nor a lost store runs a step twice; a running step
is found by its ``startedBy``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import PermanentError, TransientError
from controller.core.values.identity import client_token
from controller.kinds.service.operations.requests import UNKNOWN_USER
from controller.kinds.service.render.service import settings
from controller.kinds.service.render.task_definition import managed_log_group
from controller.kinds.service.spec.sections import BeforeSpec
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.tags import as_pairs, tags_of

TAG = "hokusai.ai/before."
BY_TAG = "hokusai.ai/before-by."
_DONE = "succeeded"
# Value that requests another attempt, followed by its number. The result of an attempt
# also contains it, so that the next attempt gets another number.
_AGAIN = "again-"
_OF = " / "
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepState:
    """State of the steps before a revision, from its tags.

    Attributes:
        failed: Sentence about the failed step; empty if none failed.
        pending: Sentence about the step that runs again; empty if there is none.
    """

    failed: str = ""
    pending: str = ""


class OneOffSteps:
    """The steps before a rollout. Safe to repeat at any point."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def waits(self, key: str, spec: ServiceSpec, revision: str) -> str:
        """Start the next step; return a sentence while one runs, empty once all succeeded.

        Raises PermanentError for a failed step: it does not run again for this revision
        without a requested retry.

        Args:
            key: Key of the service in the document.
            spec: Effective declaration.
            revision: ARN of the revision that will be rolled out.
        """
        if not spec.before:
            return ""
        tags = self._tags(revision)
        for step in spec.before:
            result = tags.get(TAG + step.name)
            if result == _DONE:
                continue
            if result is not None and not result.startswith(_AGAIN):
                raise PermanentError(_failure(key, spec, step, revision, result))
            return self._follow(key, spec, step, revision, result or "")
        return ""

    def state(self, key: str, spec: ServiceSpec, revision: str) -> StepState:
        """Return the step that holds ``revision`` back, from its tags. Reads only."""
        tags = self._tags(revision) if spec.before else {}
        for step in spec.before:
            result = tags.get(TAG + step.name, _DONE)
            if result.startswith(_AGAIN):
                by = tags.get(BY_TAG + step.name) or UNKNOWN_USER
                return StepState(
                    pending=f"step {step.name} runs again, requested by {by}"
                )
            if result != _DONE:
                return StepState(failed=_failure(key, spec, step, revision, result))
        return StepState()

    def retried_by(self, spec: ServiceSpec, revision: str) -> str:
        """Return the user and reason of the last retry before ``revision``."""
        tags = self._tags(revision) if spec.before else {}
        asked = (tags.get(BY_TAG + step.name) for step in reversed(spec.before))
        return next(filter(None, asked), "")

    def retry(self, spec: ServiceSpec, revision: str, user: str) -> bool:
        """Request another run of the failed step before ``revision``.

        Returns False if no step failed. Safe to repeat: a step that is to run again does
        not count as failed.
        """
        tags = self._tags(revision)
        step = _first_failed(spec, tags)
        if step is not None:
            attempt = _next_attempt(tags[TAG + step.name])
            self._tag(revision, {TAG + step.name: attempt, BY_TAG + step.name: user})
        return step is not None

    def _follow(
        self, key: str, spec: ServiceSpec, step: BeforeSpec, revision: str, attempt: str
    ) -> str:
        """Start ``step`` or read its progress; return a sentence about it."""
        token = client_token("before", revision, step.name, attempt)
        task = self._task(spec.cluster, _starter(token))
        if task is None:
            self._run(spec, step, revision, token)
            return f"Step {step.name} was started; the rollout waits for it."
        if task["lastStatus"] != "STOPPED":
            return f"Step {step.name} is in progress ({task['lastStatus'].lower()})."
        verdict = _verdict(task, spec.name)
        if verdict == _DONE:
            self._tag(revision, {TAG + step.name: _DONE})
            return f"Step {step.name} succeeded."
        result = f"{verdict}{_OF}{attempt}" if attempt else verdict
        self._tag(revision, {TAG + step.name: result})
        raise PermanentError(_failure(key, spec, step, revision, result))

    def _run(
        self, spec: ServiceSpec, step: BeforeSpec, revision: str, token: str
    ) -> None:
        override = {"name": spec.name, "command": list(step.command)}
        answer = self._aws.call(
            "ecs",
            "RunTask",
            cluster=spec.cluster,
            taskDefinition=revision,
            launchType="FARGATE",
            overrides={"containerOverrides": [override]},
            startedBy=_starter(token),
            clientToken=token,
            group=f"before:{spec.name}",
            **{k: v for k, v in settings(spec).items() if k == "networkConfiguration"},
        )
        for failure in answer["failures"]:
            msg = f"step {step.name} could not be started: {failure.get('reason')}"
            raise TransientError(msg)

    def _task(self, cluster: str, starter: str) -> Answer | None:
        """Return the newest task that ``starter`` started, running or stopped."""
        for status in ("RUNNING", "STOPPED"):
            arns = self._aws.call(
                "ecs",
                "ListTasks",
                cluster=cluster,
                startedBy=starter,
                desiredStatus=status,
            )["taskArns"]
            if arns:
                answer = self._aws.call(
                    "ecs", "DescribeTasks", cluster=cluster, tasks=arns
                )
                for task in answer["tasks"]:
                    found: Answer = task
                    return found
        return None

    def _tags(self, revision: str) -> dict[str, str]:
        answer = self._aws.call("ecs", "ListTagsForResource", resourceArn=revision)
        return tags_of(answer)

    def _tag(self, revision: str, tags: Mapping[str, str]) -> None:
        pairs = as_pairs(tags)
        self._aws.call("ecs", "TagResource", resourceArn=revision, tags=pairs)


def _first_failed(spec: ServiceSpec, tags: Mapping[str, str]) -> BeforeSpec | None:
    """Return the first failed step; None if all succeeded or one is to run again."""
    for step in spec.before:
        result = tags.get(TAG + step.name, _DONE)
        if result != _DONE:
            return None if result.startswith(_AGAIN) else step
    return None


def _next_attempt(result: str) -> str:
    """Return the value that requests the attempt after the one of ``result``."""
    number = result.partition(_OF)[2].removeprefix(_AGAIN)
    return f"{_AGAIN}{int(number) + 1 if number.isdecimal() else 1}"


def _starter(token: str) -> str:
    return f"hokusai/{token}"


def _verdict(task: Answer, container: str) -> str:
    """Return the result of a stopped task, in characters that a tag allows."""
    for found in task.get("containers", ()):
        if found["name"] == container and found.get("exitCode") is not None:
            code = found["exitCode"]
            return _DONE if code == 0 else f"exited with {code}"
    code = task.get("stopCode", "")
    return f"did not run: {code}" if code else "did not run"


def _failure(
    key: str, spec: ServiceSpec, step: BeforeSpec, revision: str, result: str
) -> str:
    name, verdict = revision.rpartition("/")[2], result.partition(_OF)[0]
    group = managed_log_group(spec)
    log = (
        f"Read the log with `aws logs tail {group}`. Then"
        if group
        else "Read its log, then"
    )
    return (
        f"step {step.name} before {name} {verdict}; {spec.name} was not changed. "
        f"{log} change the service or, after you fixed the cause, run "
        f"`hokusai retry service/{key} --reason TEXT`"
    )
