"""Normalization of live and declared services before they are compared.

ECS fills in, drops and reorders fields. Both sides go through the same rules; each rule
has a number, for messages, and cites its source. Whether two *names* are equal can only
be decided for a pair: those rules (``references``) are applied to differences.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.core.values.differences import Difference, differences
from controller.core.values.paths import Plain
from controller.kinds.service.cache import cached_by_content
from controller.kinds.service.normalize import (
    connections,
    containers,
    definition,
    list_order,
    references,
    rollout_fields,
    service_fields,
    structure,
    unknown,
)
from controller.kinds.service.normalize.references import (
    SPELLINGS,
    NameContext,
    Spelling,
    spelled_alike,
)
from controller.kinds.service.normalize.rule import NormalizationRule, ruled, rules_of
from controller.kinds.service.normalize.unmanaged import (
    UNMANAGED,
    Unmanaged,
    in_parts,
    left_to_others,
    managed_paths,
)

__all__ = [
    "DEFINITION",
    "DEFINITION_BY_NAME",
    "SERVICE",
    "SERVICE_BY_NAME",
    "SPELLINGS",
    "UNMANAGED",
    "NameContext",
    "NormalizationRule",
    "Plain",
    "Spelling",
    "Unmanaged",
    "canonical",
    "canonical_service",
    "left_to_others",
    "managed_part",
    "managed_paths",
    "real_differences",
    "spelled_alike",
]

_VOLATILE = frozenset({"events", "currentServiceRevisions", "taskSets"})
# These come first: entries keyed by name have readable paths, which stay the same while
# the other rules are applied.
DEFINITION_BY_NAME = rules_of(
    structure.r02_keys_start_small,
    list_order.r31_shuffled,
    list_order.r33_sets,
    list_order.r34_order_that_counts,
)
DEFINITION = DEFINITION_BY_NAME + rules_of(
    definition.r05_read_only,
    definition.r06_tags_are_apart,
    unknown.r04_of_a_later_day,
    structure.r01_empty_texts,
    structure.r03_amounts_are_text,
    definition.r08_amounts_in_units,
    definition.r09_own_namespaces,
    definition.r35_no_role,
    definition.r10_no_fault_injection,
    definition.r11_twenty_gib_of_storage,
    definition.r12_linux_on_x86,
    definition.r13_plain_volumes,
    containers.r14_no_cpu,
    containers.r15_essential,
    containers.r16_no_memory,
    containers.r17_off_by_default,
    containers.r19_tcp,
    containers.r21_ranges_have_no_host_port,
    containers.r20_host_port,
    containers.r22_health_check_times,
    containers.r23_writable,
    containers.r24_version_consistency,
    containers.r25_linux_parameters,
    containers.r26_restart_policy,
    containers.r27_stop_timeout,
    containers.r28_log_secrets,
    containers.r29_requirements,
    containers.r29_router_is_root,
    definition.r33_app_mesh,
    references.r36_no_trailing_colons,
    # Host ports depend on the mode, so the mode goes after them.
    definition.r07_bridge_by_default,
    containers.r18_empty_lists,
    list_order.r32_names_once,
    structure.r01_nothing_is_left_out,
)
SERVICE_BY_NAME = rules_of(
    structure.r02_keys_start_small,
    service_fields.r41_of_the_primary,
    references.r38_short_providers,
    service_fields.r48_subnets_are_a_set,
    service_fields.r56_providers_by_name,
    connections.r59_balancers_are_a_set,
    connections.r59_other_sets,
    connections.r60_connections_by_name,
    connections.r60_tags_by_key,
)
SERVICE = SERVICE_BY_NAME + rules_of(
    references.r37_content_counts,
    service_fields.r40_read_only,
    service_fields.r42_replica,
    service_fields.r43_rolled_by_ecs,
    service_fields.r44_off,
    service_fields.r45_tags_stay,
    service_fields.r46_no_grace,
    service_fields.r47_latest_platform,
    service_fields.r48_network,
    rollout_fields.r49_percentages,
    rollout_fields.r50_circuit_breaker,
    rollout_fields.r51_alarms,
    rollout_fields.r52_early_success,
    rollout_fields.r53_lifecycle_hooks,
    rollout_fields.r54_steps,
    service_fields.r56_base_and_weight,
    service_fields.r57_placement,
    connections.r59_either_group,
    connections.r60_names_of_connections,
    connections.r60_plain_volumes,
    connections.r60_off_is_not_there,
    # Again, for lists that no key orders: only now are their entries normalized.
    connections.r59_balancers_are_a_set,
    connections.r59_other_sets,
    connections.r60_connections_by_name,
    connections.r60_tags_by_key,
    structure.r01_nothing_is_left_out,
)


def canonical(definition: Mapping[str, Any]) -> Plain:
    """Return the canonical form of a task definition.

    Containers, environment variables and secrets are keyed by name, so that the paths
    of differences are readable. ``definition`` is not changed. The result is cached and
    must not be changed.
    """
    return _definition(definition)


def canonical_service(fields: Mapping[str, Any]) -> Plain:
    """Return the canonical form of a service's own fields, with all defaults.

    Args:
        fields: Parameters of CreateService, or a service from DescribeServices.

    Returns:
        The form. It is cached and must not be changed.
    """
    # The rules remove these anyway, after copying a hundred events.
    return _service({k: v for k, v in fields.items() if k not in _VOLATILE})


# Most passes observe the same fields as the one before.
_definition = cached_by_content(lambda plain: ruled(DEFINITION, plain))
_service = cached_by_content(lambda plain: ruled(SERVICE, plain))


def managed_part(declared: Mapping[str, Any], form: Mapping[str, Any]) -> Plain:
    """Return the part of the canonical ``form`` that ``declared`` manages."""
    part: Plain = {}
    for name, value in declared.items():
        found = form.get(name)
        if in_parts(name, value):
            part[name] = managed_part(value, found if isinstance(found, dict) else {})
        elif value is not None:
            part[name] = found
    return part


def real_differences(
    live: Plain, wanted: Plain, here: NameContext
) -> Iterator[Difference]:
    """Yield the differences of two canonical forms, except equal names."""
    for found in differences(live, wanted):
        if not spelled_alike(found.path, found.before, found.after, here):
            yield found
