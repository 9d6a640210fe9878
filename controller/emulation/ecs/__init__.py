"""A simulator of Amazon ECS.

It is a pure computation: requests, time, addresses and results of processes are
inputs, responses and effects are outputs. It opens no socket, reads no clock and
draws no random number, so that equal inputs give equal states.
"""

from controller.emulation.ecs.errors import EcsError, NoReplyError
from controller.emulation.ecs.simulator import EcsSimulator
from controller.emulation.ecs.timing import Timing

__all__ = ["EcsError", "EcsSimulator", "NoReplyError", "Timing"]
