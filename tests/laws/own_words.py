"""Documents in AWS's own words: any field there is, with a value of its type."""

from hypothesis import strategies as st

from controller.kinds.service.spec.aws_fields import NAMED
from controller.kinds.service.spec.aws_schema import shapes
from controller.kinds.service.spec.limits import LIMITS

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
numbers = st.integers(1, 99)
SCALARS = {
    "text": words,
    "flag": st.booleans(),
    "whole": numbers,
    "number": st.floats(1, 99).map(lambda x: round(x, 2)),
    "any": st.dictionaries(words, words, min_size=1, max_size=2),
}
# What makes a service Fargate's, or another one: the rest of the laws rest on it.
FIXED = {
    "task": {"family", "inferenceAccelerators", "networkMode", "cpu", "memory",
             "requiresCompatibilities", "containerDefinitions"},
    "service": {"serviceName", "cluster", "taskDefinition", "clientToken", "launchType",
                "schedulingStrategy", "deploymentController", "role", "desiredCount",
                "networkConfiguration", "loadBalancers", "serviceRegistries"},
}  # fmt: skip
# Where a value of the right type is not enough.
SPECIAL = {
    "environment": words.map("E_{}".format),
    "secrets": words.map("S_{}".format),
}
UNLIKELY = {"hostPort", "containerPortRange", "essential"}
# What ECS takes of each number and of each list, by the field's own name.
SIZES = {bound.path.rpartition(".")[2]: bound for bound in LIMITS}
PERCENTS = {
    "maximumPercent": st.integers(101, 200),
    "minimumHealthyPercent": st.integers(0, 100),
}


def value(shape, name=""):
    """Return values of ``shape``: of each structure some fields, and the required."""
    match shape:
        case str():
            return PERCENTS[name] if name in PERCENTS else sized(shape, name)
        case {"list": inner}:
            unique = {"unique_by": repr}
            if key := NAMED.get(name):
                unique = {"unique_by": lambda item: item[key]}
            most = min(3, SIZES[name].most) if name in SIZES else 3
            return st.lists(value(inner, name), max_size=most, **unique)
        case {"map": inner}:
            return st.dictionaries(words, value(inner), max_size=2)
        case {"fields": _}:
            return structure(shape, name)
        case _:
            return st.sampled_from(shape)


def sized(shape, name):
    """Return values of a plain ``shape``; numbers as large as ECS takes them."""
    if name not in SIZES or shape not in {"whole", "number"}:
        return SCALARS[shape]
    least, most = SIZES[name].least, min(SIZES[name].most, 300)
    if shape == "whole":
        return st.integers(max(1, least), most)
    # ECS takes tenths of a percent.
    return st.integers(round(least * 10), round(most * 10)).map(lambda x: x / 10)


@st.composite
def structure(draw, shape, name, most=3):
    """Return a mapping with the required fields of ``shape``, and a few of the others."""
    fields, key = shape["fields"], NAMED.get(name)
    others = sorted(fields.keys() - UNLIKELY)
    chosen = draw(st.sets(st.sampled_from(others), max_size=most))
    chosen |= set(shape["required"]) | ({key} if key else set())
    if name == "portMappings":
        chosen.add("containerPort")
    found = {field: draw(value(fields[field], field)) for field in sorted(chosen)}
    if name in SPECIAL:
        found["name"] = draw(SPECIAL[name])
        found |= {"value": draw(words)} if name == "environment" else {}
    return found


@st.composite
def own_words(draw, which, most=4):
    """Return what stands under ``task`` or ``service``."""
    shape = shapes()[which]
    free = sorted(shape["fields"].keys() - FIXED[which])
    names = draw(st.sets(st.sampled_from(free), max_size=most))
    return {name: draw(value(shape["fields"][name], name)) for name in sorted(names)}


@st.composite
def containers(draw, main):
    """Return fields for the main container, and some sidecars."""
    shape = shapes()["task"]["fields"]["containerDefinitions"]["list"]
    first = draw(structure(shape, "", most=5))
    found = [{k: v for k, v in first.items() if k != "image"} | {"name": main}]
    for name in draw(st.sets(words, max_size=2)):
        sidecar = draw(structure(shape, "", most=5))
        found.append({**sidecar, "name": name, "image": f"side/{name}:1"})
    for container in found:
        one_of_each(container)
    return found


def one_of_each(container):
    """Leave of what goes by a key one of each, but for ports, which may share one."""
    keys = {
        "mountPoints": "containerPath",
        "volumesFrom": "sourceContainer",
        "systemControls": "namespace",
        "extraHosts": "hostname",
        "dependsOn": "containerName",
    }
    for name, key in keys.items():
        if name in container:
            by_key = {item.get(key): item for item in container[name]}
            container[name] = list(by_key.values())
