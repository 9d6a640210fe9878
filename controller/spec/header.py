"""Header of a document: the parts that are not resources."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.core.document.fields import Section, Text, reject
from controller.spec.access import AccessSection
from controller.spec.local import LocalSection
from controller.spec.platform import LOOPBACK, PlatformSection

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

    @model_validator(mode="after")
    def _reads_keys_of_tokens_safely(self) -> Self:
        tokens = self.access.tokens if self.access else None
        if tokens is None or tokens.jwks.startswith("https://"):
            return self
        is_local = self.platform.environment == "local"
        if not is_local or not re.match(LOOPBACK, tokens.jwks):
            hint = "plain http is for addresses of this machine in environment local"
            reject("must begin with https://", hint, "access.tokens.jwks")
        return self
