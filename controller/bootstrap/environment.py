"""The environment of a command: the process's own, and what the local platform says."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

# Written by `local` while it runs, so that other commands find its servers.
LOCAL_STATE = Path(".hokusai/local")
LOCAL_ENVIRONMENT = "environment.json"
NOT_RUNNING = (
    "the local platform is not running: start it with `make run` or `hokusai local`, and "
    "pass its --state FOLDER if it has one"
)


def environment(
    chosen: str | None, folder: Path, state: Path | None = None
) -> dict[str, str]:
    """Return the environment variables of a command.

    For the local environment, what the running local platform wrote down stands
    in for what is not set.

    Args:
        chosen: The environment named on the command line, if any.
        folder: Where the document is; the local platform's state is below it.
        state: Where that is instead, if it was said.
    """
    own = dict(os.environ)
    if (chosen or own.get("ENVIRONMENT")) != "local":
        return own
    return {**local_environment(state or folder / LOCAL_STATE), **own}


def local_environment(state: Path) -> Mapping[str, str]:
    """Return what the local platform with this state says; nothing if it is off."""
    try:
        text = (state / LOCAL_ENVIRONMENT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    variables: dict[str, str] = json.loads(text)
    return variables
