"""Whose a thing is: what its tags say, and the tags that say it is ours."""

from collections.abc import Mapping

from controller.core.resources.observation import Ownership
from controller.core.values.identity import APPLIED_TAG, OWNER_TAG


def ownership_of(tags: Mapping[str, str], owner: str) -> Ownership:
    """Return whose a thing with ``tags`` is, as the controller ``owner`` sees it."""
    tag = tags.get(OWNER_TAG)
    if tag is None:
        return Ownership.NOBODYS
    return Ownership.OURS if tag == owner else Ownership.ANOTHERS


def stamp(owner: str, generation: str) -> dict[str, str]:
    """Return the tags of what is ours and has had ``generation`` applied."""
    return {OWNER_TAG: owner, APPLIED_TAG: generation}
