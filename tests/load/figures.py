"""What was measured, beside what it is held against."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement.

    Attributes:
        what: Of what.
        measured: How much.
        against: The limit, or what a peer takes.
        unit: Of both.
        peer: What ``against`` is; the limit unless said.
    """

    what: str
    measured: float
    against: float
    unit: str
    peer: str = "limit"

    @property
    def ratio(self) -> float:
        """Below one is within the limit, or better than the peer."""
        return self.measured / self.against

    def __str__(self) -> str:
        figures = f"{_short(self.measured)} {self.unit}"
        against = f"{self.peer} {_short(self.against)} {self.unit}"
        return f"{self.what}: {figures}, {against}, ratio {self.ratio:.2f}"


class Figures:
    """Every figure of a run; each is told as soon as it is known."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.all: list[Figure] = []
        self._tell = tell

    def note(
        self,
        what: str,
        measured: float,
        against: float,
        unit: str,
        peer: str = "limit",
    ) -> None:
        """Keep a figure and tell it."""
        figure = Figure(what, measured, against, unit, peer)
        self.all.append(figure)
        self._tell(str(figure))

    def table(self) -> list[str]:
        """Return the lines of a table of all figures."""
        rows = [("what", "measured", "against", "ratio")]
        rows += [
            (
                figure.what,
                f"{_short(figure.measured)} {figure.unit}",
                f"{figure.peer} {_short(figure.against)}",
                f"{figure.ratio:.2f}",
            )
            for figure in self.all
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [
            "  ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            )
            for row in rows
        ]


def typical(measure: Callable[[], float], repeats: int = REPEATS) -> float:
    """Return the median of several measurements."""
    return median(measure() for _ in range(repeats))


def cpu_of(command: tuple[str, ...], environ: dict[str, str], log: Path) -> float:
    """Return the seconds of CPU that ``command`` and its threads took.

    What its own children took counts too; what else runs here does not.
    """
    with log.open("ab") as output:
        actions = [(os.POSIX_SPAWN_DUP2, output.fileno(), n) for n in (1, 2)]
        pid = os.posix_spawn(command[0], command, environ, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, 1}, log.read_text()[-2000:]
    return used.ru_utime + used.ru_stime


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"
