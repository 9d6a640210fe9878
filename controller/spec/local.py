"""Section `local` of the document: commands of the local platform."""

import re
from typing import Annotated

from pydantic import Field

from controller.core.document.fields import EnvironmentName, Key, Section, Text, reject
from controller.spec.common import Address
from controller.spec.nearest import suggestion

# Placeholders that the local platform replaces when it starts a task.
PLACEHOLDERS = {
    "host": "the task's own loopback address",
    "python": "the Python that runs the controller",
    "state": "the folder for persistent data",
    "root": "the folder of the document",
    "probe": "the module that checks a port",
}


class _Template(Text):
    """Text in which only known placeholders are used."""

    def check(self, value: str) -> str:
        """Return ``value`` if it obeys the rule."""
        for word in re.findall(r"\{([a-zA-Z_]*)\}", super().check(value)):
            if word not in PLACEHOLDERS:
                reject(f"has no placeholder {{{word}}}", suggestion(word, PLACEHOLDERS))
        return value


Template = Annotated[str, _Template(r"[\s\S]*", "text", longest=4096)]
ImageName = Annotated[
    str, Text(r"[A-Za-z0-9][\w./:@-]*", "an image, as in hokusai/api:latest")
]


class LocalImage(Section):
    """Command that the local platform runs instead of an image."""

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
    """A one-off task."""

    name: Key = Field(description="Name of the task.", examples=["train"])
    image: ImageName = Field(
        description="Image to run, one of `images`.", examples=["hokusai/train:latest"]
    )
    after: Address | None = Field(
        default=None,
        description="Resource that must be ready first.",
        examples=["service/mlflow"],
    )


class LocalSection(Section):
    """Commands and tasks of the local platform; ignored elsewhere."""

    images: dict[ImageName, LocalImage] = Field(
        default_factory=dict,
        description="Commands that run instead of the images, by image.",
    )
    tasks: tuple[LocalTask, ...] = Field(
        default=(), description="One-off tasks that run after a resource is ready."
    )
