"""Fields that every resource may have, independent of its kind."""

from typing import Annotated

from pydantic import Field

from controller.core.document.fields import Flag, Instant, Line, Section, Text
from controller.core.document.resource import Ignored, Mode, Suspension

Address = Annotated[
    str, Text(r"[a-z_]+/\S+", "an address: kind/name, as in service/api", longest=320)
]


class IgnoreSection(Section):
    """A field that is not compared."""

    path: Line = Field(description="The field, or a parent.", examples=["tags.owner"])
    reason: Line = Field(description="Reason.", examples=["set by the billing job"])
    until: Instant | None = Field(
        default=None,
        description="Time after which it is compared again; never by default.",
        examples=["2026-12-31"],
    )

    def ignored(self) -> Ignored:
        """Return the value that the core uses."""
        return Ignored(self.path, self.reason, self.until)


class SuspendSection(Section):
    """A suspension of all actions on a resource."""

    by: Line = Field(description="Author of the suspension.", examples=["ada"])
    reason: Line = Field(description="Reason.", examples=["migration of the database"])
    until: Instant | None = Field(
        default=None,
        description="Time at which it ends; by default only an edit ends it.",
        examples=["2026-12-31T12:00:00Z"],
    )

    def suspension(self) -> Suspension:
        """Return the value that the core uses."""
        return Suspension(self.by, self.reason, self.until)


class Common(Section):
    """Fields of every resource in addition to those of its kind."""

    depends_on: tuple[Address, ...] = Field(
        default=(),
        description="Addresses of resources that must be ready first.",
        examples=[["service/mlflow"]],
    )
    ignore: tuple[IgnoreSection, ...] = Field(
        default=(), description="Fields that are not compared."
    )
    suspend: SuspendSection | None = Field(
        default=None, description="Suspends all actions on the resource."
    )
    mode: Mode | None = Field(
        default=None,
        description="Permitted actions on this resource; by default the platform's mode.",
    )
    adopt: Flag = Field(
        default=False,
        description="Manage an existing resource that has no ownership tag.",
    )
