"""One-off tasks that must succeed before a revision is rolled out: migrations.

Each runs once for a revision. Whether it did is a tag on the revision itself, so that
no crash and no lost store runs it twice; a run is found again by its ``startedBy``.
"""

from collections.abc import Mapping
from typing import Any

from controller.clients.aws import Aws
from controller.core.errors import PermanentError, TransientError
from controller.core.identity import client_token
from controller.kinds.service.sections import BeforeSpec
from controller.kinds.service.settings import settings
from controller.kinds.service.spec import ServiceSpec
from controller.kinds.service.tags import tags_of

TAG = "hokusai.ai/before."
_DONE = "succeeded"
# What a person writes there to have a step run once more.
_AGAIN = "again"
Answer = Mapping[str, Any]


class Before:
    """Runs what must come before a rollout. Safe to repeat at any point."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def waits(self, spec: ServiceSpec, revision: str) -> str:
        """Return what still runs, in a sentence; empty once all has succeeded.

        Starts what is next. Raises PermanentError for what has failed: it is not run
        again for this revision.
        """
        if not spec.before:
            return ""
        tags = self._tags(revision)
        for step in spec.before:
            told = tags.get(TAG + step.name)
            if told == _DONE:
                continue
            if told is not None and not told.startswith(_AGAIN):
                raise _failed(spec, step, revision, told)
            return self._follow(spec, step, revision, told or "")
        return ""

    def failure(self, spec: ServiceSpec, revision: str) -> str:
        """Return what failed before ``revision``, in a sentence; empty if nothing did.

        Reads only.
        """
        tags = self._tags(revision) if spec.before else {}
        for step in spec.before:
            told = tags.get(TAG + step.name, _DONE)
            if told != _DONE:
                return (
                    ""
                    if told.startswith(_AGAIN)
                    else _story(spec, step, revision, told)
                )
        return ""

    def _follow(
        self, spec: ServiceSpec, step: BeforeSpec, revision: str, attempt: str
    ) -> str:
        """Start ``step``, or look how it does; return what is waited for."""
        token = client_token("before", revision, step.name, attempt)
        task = self._task(spec.cluster, _starter(token))
        if task is None:
            self._run(spec, step, revision, token)
            return f"Step {step.name} was started; the rollout follows it."
        if task["lastStatus"] != "STOPPED":
            return f"Step {step.name} runs ({task['lastStatus'].lower()})."
        verdict = _verdict(task, spec.name)
        self._aws.call(
            "ecs",
            "TagResource",
            resourceArn=revision,
            tags=[{"key": TAG + step.name, "value": verdict}],
        )
        if verdict != _DONE:
            raise _failed(spec, step, revision, verdict)
        return f"Step {step.name} succeeded."

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


def _starter(token: str) -> str:
    return f"hokusai/{token}"


def _verdict(task: Answer, container: str) -> str:
    """Return how a stopped task ended, in characters that a tag may hold."""
    for found in task.get("containers", ()):
        if found["name"] == container and found.get("exitCode") is not None:
            code = found["exitCode"]
            return _DONE if code == 0 else f"exited with {code}"
    code = task.get("stopCode", "")
    return f"did not run: {code}" if code else "did not run"


def _failed(
    spec: ServiceSpec, step: BeforeSpec, revision: str, verdict: str
) -> PermanentError:
    return PermanentError(_story(spec, step, revision, verdict))


def _story(spec: ServiceSpec, step: BeforeSpec, revision: str, verdict: str) -> str:
    name = revision.rpartition("/")[2]
    return (
        f"step {step.name} before {name} {verdict}, and {spec.name} stays as it is; see "
        f"`aws logs tail {spec.log_group}`. Change the service, or have the step run "
        f"once more with `aws ecs tag-resource --resource-arn {revision} "
        f"--tags key={TAG}{step.name},value={_AGAIN}-1`"
    )
