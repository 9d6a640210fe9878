"""Logs as lines of JSON: a constant message, variables as fields, no secrets.

Modules log with the standard library, ``log.info("action finished", extra={…})``; this
module sets the format and the destination.
"""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

from controller.core.values.redact import masked, redact

_MAX_FILE_BYTES = 10 << 20
_ROTATED_FILES = 2
_pass_id: ContextVar[str] = ContextVar("pass_id", default="")


class KnownSecrets:
    """Values that must never be printed. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: frozenset[str] = frozenset()

    def add(self, value: str) -> None:
        """Mask ``value`` from now on."""
        with self._lock:
            self._values |= {value}

    def redacted(self, text: str) -> str:
        """Return ``text`` with all known secrets masked."""
        return redact(text, self._values)


class JsonLines(JsonFormatter):
    """Formats a record as one line of JSON without secrets.

    A value that JSON cannot represent is written as text.
    """

    def __init__(self, secrets: KnownSecrets) -> None:
        super().__init__(
            ("levelname", "name", "message"),
            rename_fields={
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
            },
            timestamp="time",
            json_ensure_ascii=False,
        )
        self._secrets = secrets

    def process_log_record(self, log_data: LogData) -> LogData:
        """Return the redacted fields of a line, with the time and the id of the pass."""
        moment: datetime = log_data.pop("time")
        line = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **{n: self._clean(masked(n, value)) for n, value in log_data.items()},
        }
        line["level"] = str(line["level"]).lower()
        if pass_id := _pass_id.get():
            line["pass"] = pass_id
        return line

    def _clean(self, value: Any) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case dict():
                return {
                    str(k): self._clean(masked(str(k), v)) for k, v in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self._clean(item) for item in value]
            case _:
                return self._secrets.redacted(str(value))


def configure_logging(
    file: Path | None, secrets: KnownSecrets, level: str = "INFO"
) -> logging.Handler:
    """Send all logs to ``file``, or to standard output, instead of earlier targets.

    Returns:
        The handler; the caller closes it.
    """
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stdout)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            file,
            maxBytes=_MAX_FILE_BYTES,
            backupCount=_ROTATED_FILES,
            encoding="utf-8",
        )
    handler.setFormatter(JsonLines(secrets))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    return handler


@contextmanager
def pass_context(pass_id: str) -> Iterator[None]:
    """Add ``pass_id`` to every line logged within the block."""
    token = _pass_id.set(pass_id)
    try:
        yield
    finally:
        _pass_id.reset(token)
