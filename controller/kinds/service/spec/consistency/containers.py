"""What a container takes from its task: volumes, containers, limits."""

from collections.abc import Iterator

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.consistency.places import DeclaredAt, listed, one_of

_UNLIMITED = -1


def unknown_volumes(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield what is mounted, or configured, and is no volume of the task.

    API reference, MountPoint.sourceVolume and ServiceVolumeConfiguration.name: each is the
    name of one of the task's volumes.
    """
    volumes = {v.get("name", ""): v for v in written.definition.get("volumes") or ()}
    hint = one_of(volumes) or "add it to task.volumes"
    for place, _, mount in written.entries("mountPoints"):
        name = mount.get("sourceVolume")
        if name is not None and name not in volumes:
            yield Mistake((*place, "sourceVolume"), f"names no volume: {name}", hint)
    for place, volume in listed(written.service, "volumeConfigurations"):
        name = volume.get("name")
        if name is not None and name not in volumes:
            where = ("service", *place, "name")
            yield Mistake(where, f"names no volume of the task: {name}", hint)


def unknown_containers(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield whose volumes are to be mounted although it is no other container.

    API reference, VolumeFrom.sourceContainer: it is in the same task definition.
    """
    for place, container, source in written.entries("volumesFrom"):
        name = source.get("sourceContainer")
        others = {n: c for n, c in written.containers.items() if n != container}
        if name is not None and name not in others:
            what = f"names no other container: {name}"
            yield Mistake((*place, "sourceContainer"), what, one_of(others))


def limits_out_of_order(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield soft limits above their hard ones, with which no container starts.

    API reference, Ulimit; getrlimit(2): no soft limit exceeds its hard one. -1 is without
    limit.
    """
    for place, _, limit in written.entries("ulimits"):
        soft, hard = limit.get("softLimit"), limit.get("hardLimit")
        if soft is None or hard is None or hard == _UNLIMITED:
            continue
        if soft == _UNLIMITED or soft > hard:
            what = f"is above the hard limit, which is {hard}"
            yield Mistake((*place, "softLimit"), what, f"write {hard} or less")
