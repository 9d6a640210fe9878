"""One-off tasks that must succeed before a revision is rolled out: migrations.

Each runs once for a revision, and once more each time that a person asks for it. Whether
it did is a tag on the revision itself, so that no crash and no lost store runs it twice;
a run is found again by its ``startedBy``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.core.dependencies import Aws
from controller.core.errors import PermanentError, TransientError
from controller.core.values.identity import client_token
from controller.kinds.service.render.service import settings
from controller.kinds.service.spec.sections import BeforeSpec
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.tags import as_pairs, tags_of

TAG = "hokusai.ai/before."
BY_TAG = "hokusai.ai/before-by."
_DONE = "succeeded"
# What stands there to have a step run once more, with the number of the attempt; the
# verdict on it names it, so that the next one is another.
_AGAIN = "again-"
_OF = " / "
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepState:
    """What the tags of a revision say of the steps before it, in a sentence each.

    Attributes:
        failed: What failed; empty if nothing did.
        awaited: What is to be run once more; empty if nothing is.
    """

    failed: str = ""
    awaited: str = ""


class OneOffSteps:
    """Runs what must come before a rollout. Safe to repeat at any point."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def waits(self, key: str, spec: ServiceSpec, revision: str) -> str:
        """Return what still runs, in a sentence; empty once all has succeeded.

        Starts what is next. Raises PermanentError for what has failed: it is not run
        again for this revision unless a person asks for it.

        Args:
            key: Of the service in the document.
            spec: What is declared.
            revision: What is to be rolled out.
        """
        if not spec.before:
            return ""
        tags = self._tags(revision)
        for step in spec.before:
            told = tags.get(TAG + step.name)
            if told == _DONE:
                continue
            if told is not None and not told.startswith(_AGAIN):
                raise PermanentError(_story(key, spec, step, revision, told))
            return self._follow(key, spec, step, revision, told or "")
        return ""

    def told(self, key: str, spec: ServiceSpec, revision: str) -> StepState:
        """Return what keeps ``revision`` from being rolled out, by its tags.

        Reads only.
        """
        tags = self._tags(revision) if spec.before else {}
        for step in spec.before:
            told = tags.get(TAG + step.name, _DONE)
            if told.startswith(_AGAIN):
                by = tags.get(BY_TAG + step.name) or "somebody"
                return StepState(awaited=f"step {step.name} is run once more, for {by}")
            if told != _DONE:
                return StepState(failed=_story(key, spec, step, revision, told))
        return StepState()

    def retried_by(self, spec: ServiceSpec, revision: str) -> str:
        """Return who had a step run once more before ``revision`` last, and why."""
        tags = self._tags(revision) if spec.before else {}
        asked = (tags.get(BY_TAG + step.name) for step in reversed(spec.before))
        return next(filter(None, asked), "")

    def once_more(self, spec: ServiceSpec, revision: str, who: str) -> bool:
        """Have the step that failed before ``revision`` run once more; whether one did.

        Safe to repeat: what is to run once more already is no failure.
        """
        tags = self._tags(revision)
        step = _first_failed(spec, tags)
        if step is not None:
            attempt = _next_attempt(tags[TAG + step.name])
            wanted = {TAG + step.name: attempt, BY_TAG + step.name: who}
            self._tag(revision, wanted)
        return step is not None

    def _follow(
        self, key: str, spec: ServiceSpec, step: BeforeSpec, revision: str, attempt: str
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
        if verdict == _DONE:
            self._tag(revision, {TAG + step.name: _DONE})
            return f"Step {step.name} succeeded."
        told = f"{verdict}{_OF}{attempt}" if attempt else verdict
        self._tag(revision, {TAG + step.name: told})
        raise PermanentError(_story(key, spec, step, revision, told))

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
    """Return the first step that is not done; None if it goes on, or all are done."""
    for step in spec.before:
        told = tags.get(TAG + step.name, _DONE)
        if told != _DONE:
            return None if told.startswith(_AGAIN) else step
    return None


def _next_attempt(told: str) -> str:
    """Return another attempt than the one that the verdict ``told`` is about."""
    number = told.partition(_OF)[2].removeprefix(_AGAIN)
    return f"{_AGAIN}{int(number) + 1 if number.isdecimal() else 1}"


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


def _story(
    key: str, spec: ServiceSpec, step: BeforeSpec, revision: str, told: str
) -> str:
    name, verdict = revision.rpartition("/")[2], told.partition(_OF)[0]
    return (
        f"step {step.name} before {name} {verdict}, and {spec.name} stays as it is; see "
        f"`aws logs tail {spec.log_group}`. Change the service or, once what it failed "
        f"of is mended, have it run once more with `hokusai retry service/{key} "
        "--reason TEXT`"
    )
