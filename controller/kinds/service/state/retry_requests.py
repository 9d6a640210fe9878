"""What a person wants tried again although it failed, as a tag of the service tells it.

People mend things outside of the document: they make the secret, push the image, grant
the role. The tag names the service deployment that is forgiven. It and what came before
it are no reason any more to hold anything back; what fails later is. No store is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import dropwhile
from typing import Any

from controller.core.resources.plan import Change, Effect
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.tags import ServiceTags

# The path of the one change that follows when nothing else differs.
DEPLOYMENT = "deployment"

Answer = Mapping[str, Any]


def until(key: str) -> str:
    """Return until when something is not tried again, as the end of a sentence.

    Args:
        key: Of the service in the document.
    """
    return (
        f"until something changes, or with `hokusai retry service/{key} --reason TEXT`"
    )


def id_of(arn: str) -> str:
    """Return what tells one service deployment, or revision, from another."""
    return arn.rpartition("/")[2]


def forgiven(service: Answer, history: Sequence[Answer] = ()) -> frozenset[str]:
    """Return the ids of the deployments whose failure holds nothing back any more.

    Args:
        service: As DescribeServices answers, with its tags.
        history: Its service deployments, the newest first.
    """
    last = ServiceTags.of(service).retried or ""
    ids = [id_of(deployment["serviceDeploymentArn"]) for deployment in history]
    before = dropwhile(lambda id_: id_ != last, ids)
    return frozenset({last, *before} if last else ())


def again(state: ServiceState) -> Iterator[Change]:
    """Yield that ECS is to deploy anew what it gave up on, if that is forgiven.

    With nothing to go back to, ECS leaves what failed in place: nothing else differs.
    The next deployment is another one, whatever becomes of it.
    """
    primary = state.primary
    if primary is None or primary.rollout != "FAILED":
        return
    present = id_of(str(state.settings.get("currentServiceDeployment") or ""))
    if {present, id_of(primary.id)} & forgiven(state.settings):
        yield Change(DEPLOYMENT, "failed", "tried again", Effect.RESTART)
