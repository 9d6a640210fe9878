"""Functions that are imported when they are first called."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def deferred(module: str, name: str) -> Callable[..., Any]:
    """Return a function that calls ``name`` of ``module``, imported at the first call.

    A command such as ``validate`` calls few functions of a kind. Importing the modules
    of the others would take a third of its import time.
    """

    def call(*args: Any) -> Any:
        return getattr(import_module(module), name)(*args)

    call.__qualname__ = f"deferred({module}.{name})"
    return call
