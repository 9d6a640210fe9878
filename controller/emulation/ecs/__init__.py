"""A simulator of Amazon ECS.

It is a computation: requests, time, addresses and outcomes of processes go
in, answers and effects come out. Nothing here opens a socket, reads a clock
or draws a number, so that equal inputs give equal worlds.
"""

from controller.emulation.ecs.errors import EcsError, NoReplyError
from controller.emulation.ecs.simulator import EcsSimulator
from controller.emulation.ecs.timing import Timing

__all__ = ["EcsError", "EcsSimulator", "NoReplyError", "Timing"]
