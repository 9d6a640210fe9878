"""Fields in AWS's own spelling, and the rules that keep them consistent."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from controller.core.document.dependent_fields import overridden_fields
from controller.core.document.fields import reject
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.spec.aws_schema import MatchesAwsSchema

Fields = Mapping[str, Any]
# Lists whose entries have a unique name, and the field of that name.
NAMED: Mapping[str, str] = {
    "containerDefinitions": "name",
    "environment": "name",
    "secrets": "name",
    "secretOptions": "name",
    "volumes": "name",
    "volumeConfigurations": "name",
    "ulimits": "name",
    "tags": "key",
    "capacityProviderStrategy": "capacityProvider",
}
# ECS fields that may not be written there, each with the place that sets it.
_OUR_TASK = {
    "family": "it is the service's name; write name",
    # EC2 API reference, ElasticInferenceAccelerator: "Amazon Elastic Inference is no
    # longer available."
    "inferenceAccelerators": "Amazon Elastic Inference is no longer available (EC2 API "
    "reference, ElasticInferenceAccelerator): no task with them could start; leave "
    "them out",
}
_OUR_SERVICE = {
    "serviceName": "write name",
    "cluster": "write cluster, next to service",
    "taskDefinition": "it is rendered from the service; write task",
    "clientToken": "the controller derives it; leave it out",
}
TaskFields = Annotated[dict[str, Any], MatchesAwsSchema("task", _OUR_TASK)]
ServiceFields = Annotated[dict[str, Any], MatchesAwsSchema("service", _OUR_SERVICE)]
OUR_TAGS = "hokusai.ai/"


def check_fields(fields: Fields, at: str) -> None:
    """Raise if the fields under ``at`` contradict themselves."""
    _check_names(fields, at)
    _check_tags(fields, at)


def _check_names(fields: Fields, at: str) -> None:
    """Raise unless each named entry has a name that no other has."""
    for path, key, items in _named(fields, at):
        seen: Counter[str] = Counter()
        for index, item in enumerate(items):
            if key not in item:
                reject(f"needs a {key}", f"add {key}", f"{path}.{index}")
            seen[item[key]] += 1
            if seen[item[key]] > 1:
                what = f"is used twice: {item[key]}"
                reject(what, "keep one of them", f"{path}.{index}.{key}")


def check_service(service: Fields, count: int | None, discovery: str | None) -> None:
    """Raise if the service's fields contradict the document's own, or each other."""
    if count is not None and "desiredCount" in service:
        reject("is also set by desired_count", "keep one", "service.desiredCount")
    if discovery is not None and "serviceRegistries" in service:
        hint = "leave out discovery or serviceRegistries"
        reject("conflicts with discovery", hint, "service.serviceRegistries")
    if service.get("launchType") and service.get("capacityProviderStrategy"):
        what = "conflicts with capacityProviderStrategy"
        reject(what, "keep one of them", "service.launchType")


def _check_tags(fields: Fields, at: str) -> None:
    """Raise if a tag under ``at`` is one that the controller or AWS writes."""
    for index, tag in enumerate(fields.get("tags", ())):
        if tag["key"].startswith((OUR_TAGS, "aws:")):
            what = f"has the prefix {tag['key'].partition(':')[0].partition('/')[0]}"
            hint = "it is reserved for the controller and AWS; use another"
            reject(what, hint, f"{at}.tags.{index}.key")


def _named(fields: Fields, at: str) -> Iterator[tuple[str, str, Sequence[Fields]]]:
    """Yield each list of named entries, with its path and the field of their names."""
    for name, value in fields.items():
        path = f"{at}.{name}"
        if isinstance(value, dict):
            yield from _named(value, path)
        elif isinstance(value, list):
            if name in NAMED:
                yield path, NAMED[name], value
            for index, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _named(item, f"{path}.{index}")


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Plain:
    """Return ``base`` overridden by ``over``; neither is changed.

    Mappings merge field by field, lists of named entries entry by entry; other lists
    are replaced. Fields that depend on an overridden field are replaced as a whole; see
    ``core.document.dependent_fields``.
    """
    plain: Plain = copied(dict(base))
    for name, value in over.items():
        plain[name] = _merged_value(name, plain.get(name), value)
    return plain


def _merged_value(name: str, base: Any, over: Any) -> Any:
    match base, over:
        case dict(), dict():
            obsolete = overridden_fields(name, base, over)
            return merged({k: v for k, v in base.items() if k not in obsolete}, over)
        case list(), list() if name in NAMED:
            return _by_name(base, over, NAMED[name])
        case _:
            return copied(over)


def _by_name(base: list[Plain], over: list[Plain], key: str) -> list[Plain]:
    """Return the entries of both, merged by name, in the order of ``base``."""
    entries: dict[Any, Plain] = {entry[key]: entry for entry in base}
    for entry in over:
        entries[entry[key]] = merged(entries.get(entry[key], {}), entry)
    return list(entries.values())
