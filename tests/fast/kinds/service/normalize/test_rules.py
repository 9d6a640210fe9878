"""Each normalization rule makes equal settings equal, and no others."""

import re
from copy import deepcopy
from itertools import chain

import pytest

from controller.core.resources.explanation import Comparison
from controller.kinds.service import normalize as rules
from controller.kinds.service.compare.diff import setting_differences
from controller.kinds.service.compare.explain import traced
from controller.kinds.service.normalize import (
    DEFINITION,
    DEFINITION_BY_NAME,
    NameContext,
    canonical,
    canonical_service,
    left_to_others,
    real_differences,
)
from controller.kinds.service.normalize.references import SPELLINGS, r39_partition
from tests.fast.kinds.service.normalize.rule_cases import (
    DEFINITIONS,
    HERE,
    OTHERS,
    SERVICES,
    fargate,
)


def ids(cases):
    return [f"{case[0]}-{index}" for index, case in enumerate(cases)]


def same(one, other, form) -> bool:
    return not list(real_differences(form(one), form(other), HERE))


@pytest.mark.parametrize(
    ("number", "one", "other", "unlike"), DEFINITIONS, ids=ids(DEFINITIONS)
)
def test_a_rule_makes_equal_definitions_equal_and_no_others(number, one, other, unlike):
    assert same(one, other, canonical)
    assert not same(one, unlike, canonical)


@pytest.mark.parametrize(
    ("number", "one", "other", "unlike"), SERVICES, ids=ids(SERVICES)
)
def test_a_rule_makes_equal_services_equal_and_no_others(number, one, other, unlike):
    asked = {k: v for k, v in other.items() if k != "deployments"}

    assert not list(setting_differences(one, other, HERE))
    assert not list(setting_differences(asked, one, HERE)) or "roleArn" in other
    assert not same(one, unlike, canonical_service)


@pytest.mark.parametrize(
    ("number", "path", "declared", "live", "others"), OTHERS, ids=ids(OTHERS)
)
def test_a_rule_decides_if_a_field_is_managed(number, path, declared, live, others):
    rule = left_to_others(path, declared, live)

    assert (rule is not None and rule.number == number) is others


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("hokusai.local", "arn:namespace/ns-1", True),
        (
            "ns-1",
            "arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1",
            True,
        ),
        (
            "ns-1",
            "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1",
            False,
        ),
        ("other.local", "arn:namespace/ns-1", False),
    ],
)
def test_r38_a_namespace_goes_by_name_id_and_arn(one, other, alike):
    before = {"serviceConnectConfiguration": {"enabled": True, "namespace": one}}
    after = {"serviceConnectConfiguration": {"enabled": True, "namespace": other}}

    assert same(before, after, canonical_service) is alike


def test_r39_every_partition_has_its_own_arns():
    china = NameContext("cn-north-1", "123456789012")
    role = "arn:aws-cn:iam::123456789012:role/app"
    one, other = canonical(fargate(taskRoleArn="app")), fargate(taskRoleArn=role)

    assert not list(real_differences(one, canonical(other), china))
    assert list(real_differences(one, canonical(other), HERE))
    assert r39_partition("us-gov-west-1") == "aws-us-gov"


def test_r56_a_capacity_provider_of_the_cluster_is_no_launch_type_of_ours():
    live = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}

    assert not list(setting_differences({"propagateTags": "NONE"}, live, HERE))


def test_there_is_a_pair_for_every_rule_from_1_to_60():
    tried = {case[0] for case in chain(DEFINITIONS, SERVICES, OTHERS)} | {"R39"}

    assert tried == {f"R{number}" for number in range(1, 61)}


def test_every_rule_cites_its_source():
    every = [*rules.DEFINITION, *rules.SERVICE, *rules.UNMANAGED, *SPELLINGS]
    source = re.compile(
        r"reference|recorded|guide|document|grammar|refuses", re.IGNORECASE
    )

    functions = [
        getattr(rule, part)
        for rule in every
        for part in ("apply", "leaves", "alike")
        if hasattr(rule, part)
    ]

    silent = [f.__name__ for f in functions if not source.search(f.__doc__)]

    assert silent == []


def test_the_rules_do_not_change_their_input():
    for _, one, other, unlike in DEFINITIONS:
        for definition in (one, other, unlike):
            before = deepcopy(definition)
            canonical(definition)
            assert definition == before


def test_a_canonical_form_is_its_own_canonical_form():
    for _, one, other, unlike in DEFINITIONS:
        for definition in (one, other, unlike):
            assert canonical(canonical(definition)) == canonical(definition)


@pytest.mark.parametrize(
    ("number", "one", "other", "unlike"), DEFINITIONS, ids=ids(DEFINITIONS)
)
def test_the_rule_that_made_definitions_equal_is_named(number, one, other, unlike):
    traces = traced(DEFINITION_BY_NAME, DEFINITION, (one, other), HERE)
    told = [reason for trace in traces for reason in trace.reasons]

    # What goes by name does so before anything is compared.
    ordered = {"R2", "R31", "R32", "R33", "R34"}
    assert number in ordered or any(text.startswith(f"{number}:") for text in told)
    assert all(t.comparison is not Comparison.DIFFERS for t in traces)
