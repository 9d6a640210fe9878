"""Header of a document: the parts that are not resources."""

from typing import Annotated, Literal

from pydantic import Field

from controller.core.document.fields import Section, Text
from controller.spec.access import AccessSection
from controller.spec.local import LocalSection
from controller.spec.platform import PlatformSection

FragmentPath = Annotated[
    str, Text(r"[\w./ -]+\.ya?ml", "the path of a .yaml file", longest=1024)
]


class Header(Section):
    """The parts of a document that are not resources."""

    apiVersion: Literal["hokusai.ai/v1"] = Field(  # noqa: N815  # as people write it
        description="Version of the document format.", examples=["hokusai.ai/v1"]
    )
    platform: PlatformSection = Field(description="Properties shared by all resources.")
    include: tuple[FragmentPath, ...] = Field(
        default=(),
        description="Further files of this document, by paths relative to it.",
        examples=[["specs/models.yaml"]],
    )
    access: AccessSection | None = Field(
        default=None, description="Access to the API (`hokusai serve`)."
    )
    local: LocalSection | None = Field(
        default=None,
        description="Commands and tasks of the local platform; ignored elsewhere.",
    )
