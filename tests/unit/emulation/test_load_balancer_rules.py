"""Matching of rules, and the results of their actions."""

import pytest

from controller.emulation.load_balancer.listener_rules import (
    Fixed,
    Forward,
    HttpRequest,
    LiveRule,
    Redirect,
    matches,
    matching_actions,
    result_of,
    select_group,
)

ASKED = HttpRequest(
    "api.hokus.ai",
    "/api/v1/health",
    "GET",
    "debug=1&name=a",
    "10.1.2.3",
    {"x-team": "growth", ":scheme": "https"},
)
NOTHING = ({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}},)


def to(group):
    return ({"Type": "forward", "TargetGroupArn": group},)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Field": "host-header", "Values": ["API.hokus.ai"]}, True),
        (
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.hokus.ai"]}},
            True,
        ),
        ({"Field": "host-header", "Values": ["hokus.ai"]}, False),
        ({"Field": "host-header", "Values": ["x", "ap?.hokus.ai"]}, True),
        ({"Field": "path-pattern", "Values": ["/api/*"]}, True),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/API/*"]}}, False),
        ({"Field": "path-pattern", "Values": ["/api/?"]}, False),
        (
            {
                "Field": "http-request-method",
                "HttpRequestMethodConfig": {"Values": ["POST", "GET"]},
            },
            True,
        ),
        (
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-Team", "Values": ["GROW*"]},
            },
            True,
        ),
        (
            {
                "Field": "http-header",
                "HttpHeaderConfig": {"HttpHeaderName": "X-No", "Values": ["*"]},
            },
            False,
        ),
        (
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Key": "debug", "Value": "1"}]},
            },
            True,
        ),
        (
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Value": "b"}]},
            },
            False,
        ),
        (
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.1.0.0/16"]}},
            True,
        ),
        ({"Field": "moon-phase", "Values": ["full"]}, False),
    ],
    ids=str,
)
def test_a_condition_matches_if_one_of_its_values_does(condition, expected):
    assert matches(condition, ASKED) is expected


def test_the_matching_rule_with_the_lowest_priority_decides():
    api = {"Field": "path-pattern", "Values": ["/api/*"]}
    web = {"Field": "path-pattern", "Values": ["/web/*"]}
    rules = [
        LiveRule(30, (), to("any")),
        LiveRule(20, (api,), to("api")),
        LiveRule(10, (api, web), to("both")),
    ]

    assert matching_actions(rules, NOTHING, ASKED) == to("api")
    assert matching_actions(rules[2:], NOTHING, ASKED) == NOTHING


def test_the_last_action_decides_the_result():
    weighted = {
        "Type": "forward",
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": "a", "Weight": 3},
                {"TargetGroupArn": "b", "Weight": 1},
            ]
        },
    }

    assert result_of(to("a"), ASKED, 443) == Forward((("a", 1),))
    assert result_of((weighted,), ASKED, 443) == Forward((("a", 3), ("b", 1)))
    assert result_of(NOTHING, ASKED, 443) == Fixed(404)


@pytest.mark.parametrize(
    ("config", "location"),
    [
        (
            {"Protocol": "HTTPS", "Port": "443"},
            "https://api.hokus.ai:443/api/v1/health?debug=1&name=a",
        ),
        (
            {"Host": "www.#{host}", "Path": "/old/#{path}", "Query": ""},
            "https://www.api.hokus.ai:8443/old/api/v1/health?debug=1&name=a",
        ),
    ],
)
def test_a_redirect_keeps_omitted_parts(config, location):
    action = {
        "Type": "redirect",
        "RedirectConfig": {"StatusCode": "HTTP_301", **config},
    }

    assert result_of((action,), ASKED, 8443) == Redirect(301, location)


def test_groups_receive_requests_by_weight():
    groups = (("a", 3), ("b", 1), ("c", 0))

    got = [select_group(groups, number) for number in range(8)]

    assert (got.count("a"), got.count("b"), got.count("c")) == (6, 2, 0)
    assert select_group((("a", 0),), 1) is None
