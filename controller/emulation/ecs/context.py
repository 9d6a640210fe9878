"""Inputs of a call or a step in addition to the world."""

from dataclasses import dataclass, replace
from datetime import datetime

from controller.emulation.ecs.addresses import Addresses
from controller.emulation.ecs.effects import Effects
from controller.emulation.ecs.fills import Fills
from controller.emulation.ecs.runtime import Runtime
from controller.emulation.ecs.timing import Timing


@dataclass(frozen=True, slots=True)
class Context:
    """Time, account, region, and interfaces to everything outside the simulator."""

    now: datetime
    account: str
    region: str
    timing: Timing
    fills: Fills
    effects: Effects
    runtime: Runtime
    addresses: Addresses

    def arn(self, resource: str) -> str:
        """Return the ARN of an ECS resource such as ``cluster/default``."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    def at(self, now: datetime) -> "Context":
        """Return the same context at another time."""
        return replace(self, now=now)
