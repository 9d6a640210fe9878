"""The id of a model: fixed once, changed on purpose, resolvable for ever."""

import pytest

from controller.core.models.model_id import (
    FORMER_IDS_TAG,
    current_id,
    former_ids,
    id_tags,
    unused_id,
)
from controller.core.models.registration import MODEL_ID_TAG


def test_a_model_without_a_tag_has_the_id_of_its_name():
    assert current_id("Stranger Model", {}) == "stranger-model"
    assert current_id("Stranger Model", {MODEL_ID_TAG: "27"}) == "27"


def test_two_models_never_share_an_id():
    assert unused_id("A b", {"a-b", "a-b-2"}) == "a-b-3"
    assert unused_id("A b", ()) == "a-b"


def test_a_changed_id_keeps_the_former_ones_in_order():
    tags = {MODEL_ID_TAG: "a"}
    for wanted in ("b", "b", "c", "a"):
        tags |= id_tags(tags, wanted)

    assert tags[MODEL_ID_TAG] == "a"
    assert former_ids(tags) == ("b", "c")


@pytest.mark.parametrize("text", ["", "no list", "{}", "7"])
def test_an_edited_tag_means_no_former_ids(text):
    assert former_ids({FORMER_IDS_TAG: text}) == ()
