"""What may be said of every resource, whatever its kind."""

from typing import Annotated

from pydantic import Field

from controller.core.document.fields import Flag, Instant, Line, Section, Text
from controller.core.document.resource import Ignored, Mode, Suspension

Address = Annotated[
    str, Text(r"[a-z_]+/\S+", "an address: kind/name, as in service/api", longest=320)
]


class IgnoreSection(Section):
    """A difference that nobody wants to hear of."""

    path: Line = Field(description="The field, or a parent.", examples=["tags.owner"])
    reason: Line = Field(description="Why.", examples=["set by the billing job"])
    until: Instant | None = Field(
        default=None,
        description="When it counts again; never, unless given.",
        examples=["2026-12-31"],
    )

    def ignored(self) -> Ignored:
        """Return the same as the core wants it."""
        return Ignored(self.path, self.reason, self.until)


class SuspendSection(Section):
    """A person's wish that a resource be left alone."""

    by: Line = Field(description="Who asks.", examples=["ada"])
    reason: Line = Field(description="Why.", examples=["migration of the database"])
    until: Instant | None = Field(
        default=None,
        description="When it ends by itself; only by an edit, unless given.",
        examples=["2026-12-31T12:00:00Z"],
    )

    def suspension(self) -> Suspension:
        """Return the same as the core wants it."""
        return Suspension(self.by, self.reason, self.until)


class Common(Section):
    """The fields of every resource beside its kind's own."""

    depends_on: tuple[Address, ...] = Field(
        default=(),
        description="What must be ready first, by address.",
        examples=[["service/mlflow"]],
    )
    ignore: tuple[IgnoreSection, ...] = Field(
        default=(), description="Differences that are not looked at."
    )
    suspend: SuspendSection | None = Field(
        default=None, description="Set to leave the resource alone for a while."
    )
    mode: Mode | None = Field(
        default=None,
        description="How far we go with this resource; as the platform, unless given.",
    )
    adopt: Flag = Field(
        default=False,
        description="Whether something that exists without our tag becomes ours.",
    )
