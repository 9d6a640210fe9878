"""Rules for containers: their volumes, ``volumesFrom`` and ulimits."""

from collections.abc import Iterator

from controller.core.document.fields import Mistake
from controller.kinds.service.spec.consistency.places import DeclaredAt, listed, one_of

_UNLIMITED = -1


def unknown_volumes(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield mounts and volume configurations that name no volume of the task.

    API reference, MountPoint.sourceVolume and ServiceVolumeConfiguration.name: each is the
    name of one of the task's volumes.
    """
    volumes = {v.get("name", ""): v for v in written.definition.get("volumes") or ()}
    hint = one_of(volumes) or "add it to task.volumes"
    for place, _, mount in written.entries("mountPoints"):
        name = mount.get("sourceVolume")
        if name is not None and name not in volumes:
            what = f"refers to an unknown volume: {name}"
            yield Mistake((*place, "sourceVolume"), what, hint)
    for place, volume in listed(written.service, "volumeConfigurations"):
        name = volume.get("name")
        if name is not None and name not in volumes:
            what = f"refers to a volume that the task does not have: {name}"
            yield Mistake(("service", *place, "name"), what, hint)


def unknown_containers(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield ``volumesFrom`` entries that name no other container of the task.

    API reference, VolumeFrom.sourceContainer: it is in the same task definition.
    """
    for place, container, source in written.entries("volumesFrom"):
        name = source.get("sourceContainer")
        others = {n: c for n, c in written.containers.items() if n != container}
        if name is not None and name not in others:
            what = f"must name another container of the task, not {name}"
            yield Mistake((*place, "sourceContainer"), what, one_of(others))


def limits_out_of_order(written: DeclaredAt) -> Iterator[Mistake]:
    """Yield soft limits above their hard limits: such a container never starts.

    API reference, Ulimit; getrlimit(2): a soft limit does not exceed its hard limit. -1
    is unlimited.
    """
    for place, _, limit in written.entries("ulimits"):
        soft, hard = limit.get("softLimit"), limit.get("hardLimit")
        if soft is None or hard is None or hard == _UNLIMITED:
            continue
        if soft == _UNLIMITED or soft > hard:
            what = f"is above hardLimit, which is {hard}"
            yield Mistake((*place, "softLimit"), what, f"write {hard} or less")
