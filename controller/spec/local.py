"""The section that says how the local platform starts what AWS would run."""

import re
from typing import Annotated

from pydantic import Field

from controller.core.document.fields import EnvironmentName, Key, Section, Text, reject
from controller.spec.common import Address
from controller.spec.nearest import meant

# What the local platform puts in when it starts a task.
PLACEHOLDERS = {
    "host": "the task's own loopback address",
    "python": "the Python that runs the controller",
    "state": "the folder for what must survive a restart",
    "root": "the folder of the document",
    "probe": "the module that asks a port whether it works",
}


class _Template(Text):
    """Text in which only known placeholders are used."""

    def check(self, value: str) -> str:
        """Return ``value`` if it obeys the rule."""
        for word in re.findall(r"\{([a-zA-Z_]*)\}", super().check(value)):
            if word not in PLACEHOLDERS:
                reject(f"has no placeholder {{{word}}}", meant(word, PLACEHOLDERS))
        return value


Template = Annotated[str, _Template(r"[\s\S]*", "text", longest=4096)]
ImageName = Annotated[
    str, Text(r"[A-Za-z0-9][\w./:@-]*", "an image, as in hokusai/api:latest")
]


class LocalImage(Section):
    """What is run instead of an image."""

    command: tuple[Template, ...] = Field(
        min_length=1,
        description="The program and its arguments; "
        + "; ".join(f"{{{k}}} is {v}" for k, v in PLACEHOLDERS.items())
        + ".",
        examples=[["{python}", "-m", "controller", "serve", "--host", "{host}"]],
    )
    environment: dict[EnvironmentName, Template] = Field(
        default_factory=dict, description="Environment variables of the program."
    )


class LocalTask(Section):
    """Something that is run once."""

    name: Key = Field(description="What it is called.", examples=["train"])
    image: ImageName = Field(
        description="Which of the images is run.", examples=["hokusai/train:latest"]
    )
    after: Address | None = Field(
        default=None,
        description="The resource that must be ready first.",
        examples=["service/mlflow"],
    )


class LocalSection(Section):
    """How the local platform starts what AWS would run; ignored elsewhere."""

    images: dict[ImageName, LocalImage] = Field(
        default_factory=dict, description="What is run instead of each image."
    )
    tasks: tuple[LocalTask, ...] = Field(
        default=(), description="What is run once, when something else is ready."
    )
