"""What stands in a document beside the sections of its kinds."""

from typing import Annotated, Literal

from pydantic import Field

from controller.core.document.fields import Section, Text
from controller.spec.local import LocalSection
from controller.spec.platform import PlatformSection

FragmentPath = Annotated[
    str, Text(r"[\w./ -]+\.ya?ml", "the path of a .yaml file", longest=1024)
]


class Header(Section):
    """The parts of a document that are not resources."""

    apiVersion: Literal["hokusai.ai/v1"] = Field(  # noqa: N815  # as people write it
        description="The version of this format.", examples=["hokusai.ai/v1"]
    )
    platform: PlatformSection = Field(description="What all resources share.")
    include: tuple[FragmentPath, ...] = Field(
        default=(),
        description="Files with more of this document, by paths relative to it.",
        examples=[["specs/models.yaml"]],
    )
    local: LocalSection | None = Field(
        default=None,
        description="How the local platform starts what AWS would run; ignored "
        "elsewhere.",
    )
