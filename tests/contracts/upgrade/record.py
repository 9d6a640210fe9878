"""Record what a controller stores and tags, as the fixture of `test_upgrade`.

Run `python -m tests.contracts.upgrade.record FOLDER` at the commit whose state is
to be kept: it writes `store.sql` (the database, as SQL) and `calls.jsonl` (each
write to AWS and MLflow, in order, with the seconds since the start).
"""

import json
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from controller.clients.aws import is_write
from controller.core.resources.plan import Verb
from controller.store.database import Database
from tests.contracts.upgrade.platform import (
    CHANGES,
    FIRST,
    LAST,
    REJECTED,
    ask,
)
from tests.faults.world import World

_MOST_PASSES = 12


class Recorder:
    """A world whose writes are kept in the order in which they happen."""

    def __init__(self) -> None:
        self.world = World()
        self.entries: list[dict[str, Any]] = []
        aws, mlflow, ecs = self.world.aws, self.world.mlflow, self.world.aws.ecs
        aws.call = self._aws(aws.call)  # type: ignore[method-assign]
        mlflow.request = self._mlflow(mlflow.request)  # type: ignore[method-assign]
        ecs.settle = self._settle(ecs.settle)  # type: ignore[method-assign]

    def change(self, name: str) -> None:
        """Make one of the changes around the controller."""
        self._add(change=name)
        CHANGES[name](self.world)

    def converge(self, *, at_least: int = 2) -> None:
        """Run passes until one changes nothing."""
        for number in range(_MOST_PASSES):
            done = len(self.world.wire.done)
            self.world.one_pass()
            others = [c for c in self.world.wire.done[done:] if c.backend != "store"]
            if number >= at_least and not others and self.world.wish is None:
                return
        msg = f"the platform does not converge: {self.world.wish}"
        raise AssertionError(msg)

    def _add(self, **entry: Any) -> None:
        self.entries.append({"at": self.world.time.monotonic(), **entry})

    def _aws(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(service: str, operation: str, /, **parameters: Any) -> Any:
            answer = call(service, operation, **parameters)
            if is_write(operation):
                self._add(aws=f"{service}:{operation}", parameters=parameters)
            return answer

        return recorded

    def _mlflow(self, request: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(method: str, path: str, **sent: Any) -> Any:
            answer = request(method, path, **sent)
            if method != "GET" and not path.endswith("search"):
                self._add(mlflow=f"{method} {path}", sent=sent)
            return answer

        return recorded

    def _settle(self, settle: Callable[[], None]) -> Callable[[], None]:
        def recorded() -> None:
            self._add(settle=True)
            settle()

        return recorded


def played() -> Recorder:
    """Return a platform with everything that leaves a tag or a row."""
    recorder = Recorder()
    world = recorder.world
    recorder.change("prepare")
    world.declare(FIRST)
    recorder.converge()
    recorder.change("finish_training")
    recorder.converge()
    recorder.change("break_batch")
    world.declare(REJECTED)
    recorder.converge(at_least=4)
    recorder.change("fix_batch")
    ask(world, Verb.RETRY, "batch")
    recorder.converge()
    recorder.change("move_tag")
    recorder.converge()
    recorder.change("rotate_secret")
    recorder.converge()
    ask(world, Verb.RESTART, "worker")
    recorder.converge()
    world.declare(LAST)
    recorder.converge()
    ask(world, Verb.ROLL_BACK, "api", "hokusai-api-development:1")
    recorder.converge()
    return recorder


def database_of(world: World) -> str:
    """Return the store of ``world`` as SQL, with the tables of the migrations."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        made = Database(f"sqlite:///{file}", world.clock)
        made.upgrade()
        made.close()
        rows = sqlite3.connect(":memory:")
        rows.deserialize(world.store.saved())
        kept = sqlite3.connect(file)
        for line in rows.iterdump():
            if line.startswith("INSERT"):
                kept.execute(line)
        kept.commit()
        dump = "\n".join(kept.iterdump()) + "\n"
        kept.close()
        rows.close()
    return dump


def main(folder: Path) -> None:
    """Write the fixture into ``folder``."""
    recorder = played()
    folder.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(entry, sort_keys=True) for entry in recorder.entries)
    (folder / "calls.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "store.sql").write_text(database_of(recorder.world))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
