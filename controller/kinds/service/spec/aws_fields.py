"""What may be said in AWS's own words, and what contradicts the rest."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from controller.core.document.fields import reject
from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied
from controller.kinds.service.spec.aws_schema import MatchesAwsSchema

Fields = Mapping[str, Any]
# Lists whose entries have a name, and what it is called; a name comes once.
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
# Where each of ECS's fields is settled that the document has no use for there.
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
    "cluster": "write cluster beside service",
    "taskDefinition": "it is rendered from the service; write task",
    "clientToken": "it is derived; leave it out",
}
TaskFields = Annotated[dict[str, Any], MatchesAwsSchema("task", _OUR_TASK)]
ServiceFields = Annotated[dict[str, Any], MatchesAwsSchema("service", _OUR_SERVICE)]
OUR_TAGS = "hokusai.ai/"


def check_fields(fields: Fields, at: str) -> None:
    """Raise if what is written under ``at`` cannot be meant."""
    _check_names(fields, at)
    _check_tags(fields, at)


def _check_names(fields: Fields, at: str) -> None:
    """Raise unless what goes by name has a name of its own."""
    for path, key, items in _named(fields, at):
        seen: Counter[str] = Counter()
        for index, item in enumerate(items):
            if key not in item:
                reject(f"needs a {key}", f"add {key}", f"{path}.{index}")
            seen[item[key]] += 1
            if seen[item[key]] > 1:
                what = f"is the second {item[key]}"
                reject(what, "keep one of them", f"{path}.{index}.{key}")


def check_service(service: Fields, count: int | None, discovery: str | None) -> None:
    """Raise if the service's fields contradict the document's own, or each other."""
    if count is not None and "desiredCount" in service:
        reject("is set by desired_count too", "keep one", "service.desiredCount")
    if discovery is not None and "serviceRegistries" in service:
        hint = "leave out discovery, or the registries"
        reject("is settled by discovery", hint, "service.serviceRegistries")
    if service.get("launchType") and service.get("capacityProviderStrategy"):
        what = "does not go with capacityProviderStrategy"
        reject(what, "keep one of them", "service.launchType")


def _check_tags(fields: Fields, at: str) -> None:
    """Raise if a tag under ``at`` is one that the controller or AWS writes."""
    for index, tag in enumerate(fields.get("tags", ())):
        if tag["key"].startswith((OUR_TAGS, "aws:")):
            what = f"has the prefix {tag['key'].partition(':')[0].partition('/')[0]}"
            hint = "such tags are the controller's or AWS's own"
            reject(what, hint, f"{at}.tags.{index}.key")


def _named(fields: Fields, at: str) -> Iterator[tuple[str, str, Sequence[Fields]]]:
    """Yield every list of named things, with its path and what the name is called."""
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
    """Return ``base`` with ``over`` on top; neither is changed.

    Mappings merge field by field, and lists of named things entry by entry; other
    lists are replaced as a whole.
    """
    plain: Plain = copied(dict(base))
    for name, value in over.items():
        plain[name] = _laid_over(name, plain.get(name), value)
    return plain


def _laid_over(name: str, base: Any, over: Any) -> Any:
    match base, over:
        case dict(), dict():
            return merged(base, over)
        case list(), list() if name in NAMED:
            return _by_name(base, over, NAMED[name])
        case _:
            return copied(over)


def _by_name(base: list[Plain], over: list[Plain], key: str) -> list[Plain]:
    """Return the entries of both, those of one name merged, in the order of ``base``."""
    entries: dict[Any, Plain] = {entry[key]: entry for entry in base}
    for entry in over:
        entries[entry[key]] = merged(entries.get(entry[key], {}), entry)
    return list(entries.values())
