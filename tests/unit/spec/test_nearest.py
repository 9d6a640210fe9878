"""The known word that a misspelled one stands for."""

import pytest

from controller.spec.nearest import nearest, suggestion


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("event", ["eventbridge", "events", "url"], "events"),
        ("evnets", ["eventbridge", "events", "url"], "events"),
        ("desc", ["description", "url"], "description"),
        ("xyz", ["events", "url"], ""),
    ],
)
def test_the_word_that_needs_the_fewest_changes_is_suggested(word, known, found):
    assert nearest(word, known) == found


def test_without_a_near_word_all_are_listed():
    assert suggestion("xyz", ["url", "events"]) == "known: events, url"
