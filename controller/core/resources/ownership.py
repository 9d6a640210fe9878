"""Ownership tags: the owner of a resource, and the tags of managed resources."""

from collections.abc import Mapping

from controller.core.resources.observation import Ownership
from controller.core.values.identity import APPLIED_TAG, OWNER_TAG


def ownership_of(tags: Mapping[str, str], owner: str) -> Ownership:
    """Return the ownership that ``tags`` express, from the view of ``owner``."""
    tag = tags.get(OWNER_TAG)
    if tag is None:
        return Ownership.UNMANAGED
    return Ownership.MANAGED if tag == owner else Ownership.FOREIGN


def stamp(owner: str, generation: str) -> dict[str, str]:
    """Return the tags of a managed resource to which ``generation`` was applied."""
    return {OWNER_TAG: owner, APPLIED_TAG: generation}
