"""Id of a model on the platform: fixed once, and resolvable for ever.

The tag of the registered model holds the id. It is written when the model is created,
or before its first version is announced. Only an ``id`` in the document changes it, and
the former id is kept in another tag.
"""

import json
from collections.abc import Collection, Mapping
from itertools import count

from controller.core.models.registration import MODEL_ID_TAG

FORMER_IDS_TAG = "hokusai.ai/former-model-ids"


def model_id_of(name: str) -> str:
    """Return the model id for a name: lower case, words joined by hyphens."""
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    return "-".join(words) or "model"


def current_id(name: str, tags: Mapping[str, str]) -> str:
    """Return the id of the model ``name`` with ``tags``."""
    return tags.get(MODEL_ID_TAG) or model_id_of(name)


def unused_id(name: str, taken: Collection[str]) -> str:
    """Return an id for ``name`` that no other model has."""
    first = model_id_of(name)
    others = (f"{first}-{number}" for number in count(2))
    return first if first not in taken else next(i for i in others if i not in taken)


def former_ids(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids that a model had before, oldest first."""
    try:
        found = json.loads(tags.get(FORMER_IDS_TAG, "[]"))
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def id_tags(tags: Mapping[str, str], wanted: str) -> dict[str, str]:
    """Return the tags that give a model the id ``wanted``; the former id first.

    Args:
        tags: Tags of the model now.
        wanted: Its id from now on.
    """
    before = tags.get(MODEL_ID_TAG)
    if before in (None, wanted):
        return {MODEL_ID_TAG: wanted}
    former = [id_ for id_ in former_ids(tags) if id_ not in (before, wanted)]
    return {FORMER_IDS_TAG: json.dumps([*former, before]), MODEL_ID_TAG: wanted}
