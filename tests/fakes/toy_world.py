"""A driver of toys in memory, with planned failures."""

from controller.core.resources.driver import Applied
from controller.core.resources.observation import Absent, Present
from controller.core.resources.plan import Verb
from tests.fakes.toy import ToyState


class ToyDriver:
    """Driver with toys by id. Each action raises the next of its ``failures`` first."""

    def __init__(self, toys=None, failures=None):
        self.toys = dict(toys or {})
        self.failures = failures or {}
        self.looks = 0
        self.done = []

    def observe(self, declared):
        self.looks += 1
        absent = {id_: Absent() for id_ in declared}
        return {**absent, **{id_: Present(s) for id_, s in self.toys.items()}}

    def apply(self, action):
        waiting = self.failures.get(action.target)
        if waiting:
            raise waiting.pop(0)
        self.done.append((str(action.target), action.verb))
        if action.verb is Verb.DELETE:
            self.toys.pop(action.target, None)
        else:
            want = action.desired
            self.toys[action.target] = ToyState(want.host, want.targets, want.ttl)
        return Applied()
