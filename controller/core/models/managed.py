"""Record of the declared optional fields of an object in MLflow, kept in its tags.

A field that the document never declared is not managed. A field that it declared
earlier, and no longer does, is removed. Each word is the path of a change, as in
``tags.team`` or ``aliases.production``.
"""

import json
from collections.abc import Collection, Mapping

from controller.core.values.identity import MANAGED_TAG


def managed_words(tags: Mapping[str, str]) -> frozenset[str]:
    """Return the words that ``tags`` record; none if the tag cannot be parsed."""
    try:
        words = json.loads(tags.get(MANAGED_TAG, "[]"))
    except ValueError:
        return frozenset()
    is_list = isinstance(words, list)
    return frozenset(w for w in words if isinstance(w, str)) if is_list else frozenset()


def managed_tag(words: Collection[str]) -> dict[str, str]:
    """Return the tag that records ``words``."""
    value = json.dumps(sorted(words), separators=(",", ":"), ensure_ascii=False)
    return {MANAGED_TAG: value}


def words_to_record(tags: Mapping[str, str], wanted: frozenset[str]) -> dict[str, str]:
    """Return the tag that adds ``wanted`` to the words that ``tags`` record.

    To be set before the fields are written: otherwise a process that ends in between
    leaves fields that nothing removes. Empty if ``tags`` record all of them.
    """
    known = managed_words(tags)
    return {} if wanted <= known else managed_tag(known | wanted)
