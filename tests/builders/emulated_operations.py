"""A world in which people act by hand, beside the controller."""

from controller.core.planning.safety import SafetyLimits
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.engine.interventions import InterventionRunner
from tests.builders.emulated_service import World

ADA = "ada@laptop"


class Hand:
    """Asks for something by hand, of the service that a resource declares."""

    def __init__(self, world: World):
        self.world = world

    def action(self, verb, resource, wanted="", reason="it does not answer", **limits):
        requests = InterventionRunner(self.world.machine.reconciler)
        desired = {resource.id: resource}
        request = OperationRequest(ADA, reason, wanted)
        return requests.action(verb, request, resource, desired, SafetyLimits(**limits))

    def does(self, verb, resource, wanted="", reason="it does not answer", **limits):
        """Do it, and return what came of it."""
        action = self.action(verb, resource, wanted, reason, **limits)
        requests = InterventionRunner(self.world.machine.reconciler)
        return requests.carry_out(action, {resource.id: resource})

    def rolls_back(self, resource, wanted):
        return self.does(Verb.ROLL_BACK, resource, wanted)
