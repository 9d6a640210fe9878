"""The table that the local platform shows while it runs."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Self

from controller.cli.views.statuses import Statuses, rows
from controller.core.clock import Clock

_FOR_AWS = (
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
_COLOURS = {"Ready": "green", "Stalled": "red", "Unknown": "yellow"}


class Table:
    """One table that is redrawn on a terminal; elsewhere, a line for each change."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live: Any = None
        self._told: dict[str, tuple[str, str]] = {}

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True)
            self._live = Live(console=console, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, statuses: Statuses, elapsed: float) -> None:
        """Show how everything does, ``elapsed`` seconds after the start."""
        lines = list(rows(statuses, self._clock.now()))
        if self._live is not None:
            self._live.update(_drawn(lines, elapsed), refresh=True)
            return
        for resource, word, _, message in lines:
            if self._told.get(resource) != (word, message):
                self._told[resource] = (word, message)
                self.say(f"{elapsed:6.1f} s  {resource}  {word}: {message}")

    def say(self, text: str) -> None:
        """Say something beside the table."""
        if self._live is not None:
            self._live.console.print(text, highlight=False, markup=False)
        else:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def what_next(
    environment: Mapping[str, str],
    names: Iterable[tuple[str, int, str]],
    fronts: Iterable[tuple[str, int, str, str]] = (),
    found_by: str = " -e local",
) -> str:
    """Return what a person may try now.

    Args:
        environment: The variables by which the platform is found.
        names: Host, port and address of what answers HTTP.
        fronts: Host, local port, path and authority's file of each public name.
        found_by: The options by which our commands find the platform.
    """
    dns_host, dns_port = environment["HOKUSAI_DNS_SERVER"].rsplit(":", 1)
    known = list(names)
    keys = " ".join(f"{name}={environment[name]}" for name in _FOR_AWS)
    lines = [
        "",
        "Try, in another terminal:",
        f"  .venv/bin/hokusai status{found_by}",
        f"  .venv/bin/hokusai diff{found_by}",
        *(f"  dig @{dns_host} -p {dns_port} {host} +short" for host, _, _ in known[:1]),
        *(
            f"  curl --resolve {host}:{port}:{address} http://{host}:{port}/health"
            for host, port, address in known
        ),
        *(_public(*front) for front in fronts),
        f"  {keys} \\",
        "    .venv/bin/aws ecs update-service --cluster hokusai-local \\",
        "    --service hokusai-api-local --deployment-configuration maximumPercent=150",
        "  and see it put back",
        "  edit specs/environments/local.yaml, and see it followed here",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def _public(host: str, port: int, path: str, authority: str) -> str:
    """Return the command that asks the load balancer for a public name."""
    trusted = f" --cacert {authority}" if authority else ""
    scheme = "https" if authority else "http"
    there = f"--resolve {host}:{port}:127.0.0.1{trusted}"
    return f"  curl {there} {scheme}://{host}:{port}{path}"


def _drawn(lines: list[tuple[str, str, str, str]], elapsed: float) -> Any:
    from rich.table import Table as RichTable

    table = RichTable(title=f"hokusai local, {elapsed:.0f} s", title_justify="left")
    for column in ("resource", "status", "since", "message"):
        table.add_column(column, overflow="fold")
    for resource, word, since, message in lines:
        colour = _COLOURS.get(word, "cyan")
        table.add_row(resource, f"[{colour}]{word}[/]", since, message)
    return table
