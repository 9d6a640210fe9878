"""Control endpoint of the emulator: faults, clock, settings and state.

GET    /_emulator/state
GET    /_emulator/faults      DELETE to end them all
POST   /_emulator/faults      {"image": "*/api:*", "fault": "crash"}
                              {"call": "UpdateService", "fault": "throttle", "times": 2}
                              {"call": "*", "fault": "5xx", "share": 0.3, "seed": 7,
                               "times": 1000}
POST   /_emulator/images      {"image": "hokusai/api:latest", "digest": "sha256:..."}
POST   /_emulator/clock       {"advance": 30}, if the clock is stepped
POST   /_emulator/settings    {"throttling": true, "read_lag": 2.5}
                              "throttling": 1.0 for one call per second and category
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from controller.core.clock import Clock
from controller.core.rates.ecs_rates import RATES
from controller.core.rates.token_bucket import Rate
from controller.emulation.clocks import SteppedClock
from controller.emulation.ecs.faults import CallFault, CallRule, ImageFault, ImageRule
from controller.emulation.ecs.simulator import EcsSimulator
from controller.emulation.http_reply import Reply, json_reply

PATH = "/_emulator/"
Body: TypeAlias = dict[str, Any]
ProcessIds: TypeAlias = Callable[[str], Mapping[str, int]]

_STEP = timedelta(seconds=1)


class Control:
    """HTTP interface with which tests and users control the simulator."""

    def __init__(
        self,
        simulator: EcsSimulator,
        clock: Clock,
        step: Callable[[], None],
        process_ids: ProcessIds,
    ) -> None:
        self._simulator = simulator
        self._clock = clock
        self._step = step
        self._process_ids = process_ids
        self._routes: Mapping[tuple[str, str], Callable[[Body], Body]] = {
            ("GET", "state"): lambda _: self._state(),
            ("GET", "faults"): lambda _: self._faults(),
            ("POST", "faults"): self._set_fault,
            ("DELETE", "faults"): lambda _: self._clear_faults(),
            ("POST", "images"): self._push,
            ("POST", "clock"): self._advance,
            ("POST", "settings"): self._set,
        }

    def answer(self, method: str, path: str, raw: bytes) -> Reply:
        """Answer one request; an invalid request gets status 400 and the reason."""
        route = self._routes.get((method, path.removeprefix(PATH)))
        if route is None:
            return json_reply(404, {"error": f"{method} {path} does not exist"})
        try:
            return json_reply(200, route(json.loads(raw or b"{}")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return json_reply(400, {"error": f"{type(error).__name__}: {error}"})

    def _state(self) -> Body:
        return {
            "now": self._clock.now().isoformat(),
            "calls": dict(self._simulator.calls),
            "clusters": {
                cluster.name: {
                    "services": {
                        s.name: {"status": s.status, "desired": s.desired}
                        for s in cluster.services.values()
                    },
                    "tasks": [
                        {
                            "id": task.id,
                            "group": task.group,
                            "status": task.status,
                            "health": task.health,
                            "address": task.address,
                            "stopped_reason": task.stopped_reason,
                            "processes": dict(self._process_ids(task.id)),
                        }
                        for task in cluster.tasks.values()
                    ],
                }
                for cluster in self._simulator.world.clusters.values()
            },
        }

    def _faults(self) -> Body:
        faults = self._simulator.faults
        calls = [
            {"call": r.operation, "fault": r.fault, "times": r.times, "seen": r.matches}
            for r in faults.calls
        ]
        images = [
            {
                "image": r.image,
                "fault": r.fault,
                "exit_code": r.exit_code,
                "after": r.after.total_seconds(),
            }
            for r in faults.images
        ]
        return {"calls": calls, "images": images}

    def _set_fault(self, body: Body) -> Body:
        faults = self._simulator.faults
        if "image" in body:
            after = timedelta(seconds=float(body.get("after", 0)))
            fault, code = ImageFault(body["fault"]), int(body.get("exit_code", 1))
            faults.images.insert(0, ImageRule(body["image"], fault, code, after))
        else:
            fault_of_call, times = CallFault(body["fault"]), int(body.get("times", 1))
            share, seed = float(body.get("share", 1)), int(body.get("seed", 0))
            rule = CallRule(body["call"], fault_of_call, times, share, seed)
            faults.calls.append(rule)
        return self._faults()

    def _clear_faults(self) -> Body:
        self._simulator.faults.clear()
        return self._faults()

    def _push(self, body: Body) -> Body:
        images = self._simulator.world.images
        images[str(body["image"])] = str(body["digest"])
        return dict(images)

    def _advance(self, body: Body) -> Body:
        self.advance(timedelta(seconds=float(body["advance"])))
        return {"now": self._clock.now().isoformat()}

    def advance(self, duration: timedelta) -> None:
        """Advance a stepped clock, and step the simulator on the way."""
        if not isinstance(self._clock, SteppedClock):
            msg = "the emulator uses the system clock, which cannot be advanced"
            raise TypeError(msg)
        while duration > timedelta(0):
            step = min(_STEP, duration)
            self._clock.advance(step)
            self._step()
            duration -= step

    def _set(self, body: Body) -> Body:
        if "throttling" in body:
            self._simulator.throttle.limit(_rates(body["throttling"]))
        if "read_lag" in body:
            self._simulator.read_lag = timedelta(seconds=float(body["read_lag"]))
        if "fills" in body:
            self._simulator.switch_fills(body["fills"])
        return {
            "read_lag": self._simulator.read_lag.total_seconds(),
            "fills": sorted(self._simulator.fills_on),
        }


def _rates(setting: bool | float) -> Mapping[str, Rate]:
    """Return AWS's rates for True, none for False, or one rate for all categories."""
    if isinstance(setting, bool):
        return RATES if setting else {}
    return dict.fromkeys(RATES, Rate(max(1.0, setting), setting))
