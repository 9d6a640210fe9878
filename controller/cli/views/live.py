"""The status table of the local platform, and its suggestions."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Self

from controller.cli.views.statuses import Statuses, rows
from controller.core.clock import Clock

# `make run` installs no AWS CLI.
_EDIT = (
    'import boto3; boto3.client("ecs").update_service(cluster="hokusai-local", '
    'service="hokusai-api-local", deploymentConfiguration={"maximumPercent": 150})'
)
_FOR_AWS = (
    "AWS_ENDPOINT_URL",
    # boto3 does not read AWS_REGION.
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
_COLOURS = {"Ready": "green", "Stalled": "red", "Unknown": "yellow"}


class LiveTable:
    """A table that is redrawn on a terminal; elsewhere, one line per change."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live: Any = None
        self._shown: dict[str, tuple[str, str]] = {}

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
        """Show the statuses, ``elapsed`` seconds after the start."""
        lines = list(rows(statuses, self._clock.now()))
        if self._live is not None:
            self._live.update(_drawn(lines, elapsed), refresh=True)
            return
        for resource, word, _, message in lines:
            if self._shown.get(resource) != (word, message):
                self._shown[resource] = (word, message)
                self.say(f"{elapsed:6.1f} s  {resource}  {word}: {message}")

    def say(self, text: str) -> None:
        """Print a message above the table."""
        if self._live is not None:
            self._live.console.print(text, highlight=False, markup=False)
        else:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def suggestions(
    environment: Mapping[str, str],
    names: Iterable[tuple[str, int, str]],
    fronts: Iterable[tuple[str, int, str, str]] = (),
    selection: str = " -e local",
) -> str:
    """Return commands to try on the running platform.

    Args:
        environment: The variables that select the platform.
        names: Host, port and address of each HTTP service.
        fronts: Host, local port, path and CA file of each public name.
        selection: The options of `hokusai` that select the platform.
    """
    dns_host, dns_port = environment["HOKUSAI_DNS_SERVER"].rsplit(":", 1)
    known = list(names)
    keys = " ".join(f"{name}={environment[name]}" for name in _FOR_AWS)
    lines = [
        "",
        "Try these commands in another terminal:",
        f"  .venv/bin/hokusai status{selection}",
        f"  .venv/bin/hokusai diff{selection}",
        *(f"  dig @{dns_host} -p {dns_port} {host} +short" for host, _, _ in known[:1]),
        *(
            f"  curl --resolve {host}:{port}:{address} http://{host}:{port}/health"
            for host, port, address in known
        ),
        *(_public(*front) for front in fronts),
        f"  {keys} \\",
        f"    .venv/bin/python -c '{_EDIT}'",
        "  (the controller reverts this change within seconds)",
        "or edit specs/environments/local.yaml: the controller applies the change.",
        "Press Ctrl-C to stop everything.",
    ]
    return "\n".join(lines)


def _public(host: str, port: int, path: str, ca_file: str) -> str:
    """Return the command that requests a public name from the load balancer."""
    trusted = f" --cacert {ca_file}" if ca_file else ""
    scheme = "https" if ca_file else "http"
    target = f"--resolve {host}:{port}:127.0.0.1{trusted}"
    return f"  curl {target} {scheme}://{host}:{port}{path}"


def _drawn(lines: list[tuple[str, str, str, str]], elapsed: float) -> Any:
    from rich.table import Table as RichTable

    table = RichTable(title=f"hokusai local, {elapsed:.0f} s", title_justify="left")
    for column in ("resource", "status", "since", "message"):
        table.add_column(column, overflow="fold")
    for resource, word, since, message in lines:
        colour = _COLOURS.get(word, "cyan")
        table.add_row(resource, f"[{colour}]{word}[/]", since, message)
    return table
