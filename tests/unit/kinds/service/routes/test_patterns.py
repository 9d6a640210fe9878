import pytest

from controller.kinds.service.routes.matching.match import natural_priority, normalised
from controller.kinds.service.routes.matching.patterns import covers, matches, overlap
from tests.builders.load_balancers import match


@pytest.mark.parametrize(
    ("general", "special", "does"),
    [
        ("/api/*", "/api/v1/*", True),
        ("/api/*", "/api/", True),
        ("/api/*", "/api", False),
        ("/api/v1/*", "/api/*", False),
        ("*", "?*", True),
        ("?*", "*", False),
        ("*?", "?*", True),
        ("/a?c", "/abc", True),
        ("/a?c", "/a*c", False),
        ("*.hokus.ai", "api.hokus.ai", True),
        ("*.hokus.ai", "*.api.hokus.ai", True),
        ("*b*", "a*b*c", True),
        ("", "", True),
    ],
)
def test_one_pattern_covers_another_if_it_matches_all_of_it(general, special, does):
    assert covers(general, special) is does


@pytest.mark.parametrize(
    ("one", "other", "do"),
    [
        ("/api/*", "/*/v1", True),
        ("/api/*", "/web/*", False),
        ("a*", "*b", True),
        ("a?", "?b", True),
        ("a", "?b", False),
        ("*.hokus.ai", "api.*", True),
        ("", "*", True),
    ],
)
def test_two_patterns_overlap_if_something_matches_both(one, other, do):
    assert overlap(one, other) is do
    assert overlap(other, one) is do


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("/api/*", "/api/v1/health", True),
        ("/api/?", "/api/v1", False),
        ("/a.c", "/abc", False),
        ("*", "", True),
    ],
)
def test_only_wildcards_stand_for_other_characters(pattern, text, does):
    assert matches(pattern, text) is does


def test_a_pattern_that_matches_anything_is_no_condition():
    assert normalised(("*",), ("/*",)) == normalised((), ())
    assert normalised(("API.hokus.ai",), ("/Api",)).hosts == ("api.hokus.ai",)
    assert normalised((), ("/Api",)).paths == ("/Api",)


def test_the_more_specific_match_comes_first():
    ordered = [
        match("api.hokus.ai", "/api/v1/health"),
        match("api.hokus.ai", "/api/v1/*"),
        match("api.hokus.ai", "/api/*"),
        match("api.hokus.ai"),
        match("*.api.hokus.ai", "/*"),
        match("*.hokus.ai", "/api/v1/health"),
        match("*.hokus.ai"),
        match("*", "/health"),
        match("*", "/*"),
    ]

    assert sorted(ordered, key=lambda m: m.specificity) == ordered
    priorities = [natural_priority(m) for m in ordered]
    assert priorities == sorted(set(priorities))
    assert all(1_000 <= p <= 50_000 for p in priorities)


def test_a_rule_with_other_conditions_covers_nothing():
    narrow = normalised(("api.hokus.ai",), (), more=True)

    assert not narrow.covers(match("api.hokus.ai", "/api"))
    assert match("api.hokus.ai").covers(narrow)


@pytest.mark.parametrize("length", [1, 127])
def test_the_longest_and_the_shortest_patterns_have_priorities(length):
    for host in ("a" * length, "*" + "a" * length, "*"):
        for path in ("/" + "a" * length, "/*"):
            assert 1 <= natural_priority(match(host, path)) <= 50_000
