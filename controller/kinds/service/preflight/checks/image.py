"""Checks of the image: existence and CPU architecture."""

from collections.abc import Iterator

from controller.core.planning.preflight import CheckFinding, CheckSkipped, Result
from controller.kinds.service.preflight.commands import aws
from controller.kinds.service.preflight.service_case import ServiceCase, of, state
from controller.kinds.service.spec.aws_names import (
    EcrImage,
    ecr_image,
    names_no_registry,
)


def exists(case: ServiceCase) -> Iterator[Result]:
    """Yield a finding if the image is not in ECR as declared."""
    spec, image = case.spec, ecr_image(case.spec.image)
    if image is None and names_no_registry(spec.image) and not _is_local(case):
        yield _on_docker_hub(case)
    elif image is None:
        yield CheckSkipped(case.check, f"{spec.image} is not in ECR")
    elif image.region != spec.region:
        yield CheckSkipped(case.check, f"{spec.image} is in another region")
    else:
        seen = of(case.facts.images, spec.image)
        yield from case.unless_present(seen, _missing(case, image))


def fits(case: ServiceCase) -> Iterator[Result]:
    """Yield a finding if the image is built for another CPU architecture."""
    spec = case.spec
    found = state(of(case.facts.images, spec.image))
    if found is None:
        yield CheckSkipped(case.check, f"{spec.image} was not found")
    elif not found.architectures:
        yield CheckSkipped(case.check, "the manifest does not name an architecture")
    elif spec.architecture not in found.architectures:
        built = ", ".join(sorted(found.architectures))
        message = (
            f"{spec.image} is built for {built}, but the task runs on "
            f"{spec.architecture}: it would fail with `exec format error`."
        )
        image = ecr_image(spec.image)
        yield case.blocks("architecture", message, _listed(image) if image else "")


def _on_docker_hub(case: ServiceCase) -> CheckFinding:
    """Return a warning: the owner of the name on Docker Hub decides what runs.

    Docker's reference grammar: a name without a registry means Docker Hub.
    """
    spec = case.spec
    dns = "amazonaws.com.cn" if spec.region.startswith("cn-") else "amazonaws.com"
    full = f"{spec.account}.dkr.ecr.{spec.region}.{dns}/{spec.image}"
    message = (
        f"{spec.image} is pulled from Docker Hub, not from the ECR of this account: "
        f"write {full}, or docker.io/{spec.image} for Docker Hub."
    )
    image = ecr_image(full)
    return case.warns("image", message, _listed(image) if image else "")


def _is_local(case: ServiceCase) -> bool:
    """Return True on the local platform, where images name programs."""
    return case.spec.owner.endswith("/local")


def _missing(case: ServiceCase, image: EcrImage) -> CheckFinding:
    message = f"{case.spec.image} is not in ECR: tasks cannot start."
    return case.blocks("image", message, _listed(image))


def _listed(image: EcrImage) -> str:
    """Return the command that lists the newest images."""
    return aws(
        image.region,
        "ecr",
        "describe-images",
        "--registry-id",
        image.account,
        "--repository-name",
        image.repository,
        "--query",
        "sort_by(imageDetails,&imagePushedAt)[-5:].[imageTags,imagePushedAt]",
    )
