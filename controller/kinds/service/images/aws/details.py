"""The images of one service, as ``status service/api`` shows them."""

from collections.abc import Iterator
from typing import Any

from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.document.resource import Resource
from controller.core.resources.details import DetailSection, Row, read_section
from controller.kinds.service.aws.services import EcsServices
from controller.kinds.service.images.aws.observer import ImageObserver, RunningImages

_IMAGE = ("container", "image", "runs", "there", "policy", "note")


def images(
    aws: Aws, ecs: EcsServices, clock: Clock, resource: Resource[Any]
) -> DetailSection:
    """Return what runs of each image, and what its tag stands for."""

    def rows() -> Iterator[Row]:
        spec = resource.spec
        look = ImageObserver(aws, clock, thorough=True)
        for answer in ecs.services(spec.cluster, [spec.name]).values():
            found = look.of([RunningImages(resource.id, spec, answer)])[resource.id]
            for seen in found.images:
                note = seen.unseen or (
                    f"not looked up: {seen.skipped}" if seen.skipped else ""
                )
                yield (
                    seen.container,
                    seen.image,
                    seen.runs,
                    seen.there,
                    spec.image_policy,
                    note or ("another image is there" if seen.outdated else ""),
                )

    return read_section("images", _IMAGE, rows)
