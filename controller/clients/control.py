"""The controller's own API, asked from another host."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

import httpx

from controller.core.errors import (
    DriverError,
    PermanentError,
    RefusedError,
    TransientError,
)
from controller.core.values.redact import redact
from controller.core.values.secret import Secret

_ROOT = "/api/v1/"
_REFUSED = 400
_FAULT = 500
_LONGEST = 1_000
_PROBLEM = "application/problem+json"


class ControlApi:
    """What a controller's records say, and a way to ask it for a pass.

    Args:
        http: For the server's URL; see ``http_client``. Closed by its owner.
        key: What the server asks for; None if we have none.
    """

    def __init__(self, http: httpx.Client, key: Secret | None) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {key.reveal()}"} if key else {}

    def status(self) -> Mapping[str, Any]:
        """Return how everything does; see ``api.records.StatusReport``."""
        found: Mapping[str, Any] = self._request("GET", "status")
        return found

    def events(self, limit: int, resource: str | None) -> list[Mapping[str, Any]]:
        """Return the latest happenings, the last one first."""
        of = {"resource": resource} if resource else {}
        found: list[Mapping[str, Any]] = self._request(
            "GET", "events", {"limit": limit, **of}
        )
        return found

    def tried(self, resource: str) -> Mapping[str, Any] | None:
        """Return what was last tried with a resource; None if nothing ever was."""
        found: Mapping[str, Any] | None = self._request(
            "GET", "tried", {"resource": resource}
        )
        return found

    def look(self, what: str, asked: Mapping[str, str | int]) -> Mapping[str, Any]:
        """Return what the server sees just now; see ``api.outlook``.

        Args:
            what: ``details``, ``history`` or ``logs``.
            asked: Of which resource, and how much.
        """
        found: Mapping[str, Any] = self._request("GET", what, asked)
        return found

    def ask(self, reason: str) -> int:
        """Leave a wish for a pass and return its number. Safe to repeat."""
        return int(self._request("POST", "reconcile", {"reason": reason})["id"])

    def _request(
        self, method: str, path: str, params: Mapping[str, str | int] | None = None
    ) -> Any:
        """Return the answer.

        Raises:
            RefusedError: the key is not right, or this is no controller's API.
            DriverError: it cannot be reached, or has no answer; a PermanentError
                if what it asked in turn refused for good.
        """
        call = f"{method} {self._http.base_url.join(_ROOT + path)}"
        try:
            response = self._http.request(
                method, _ROOT + path, params=params, headers=self._headers
            )
        except httpx.HTTPError as error:
            why = redact(str(error), ()) or type(error).__name__
            msg = f"{call} was not answered: {why}"
            raise TransientError(msg) from error
        if response.status_code >= _REFUSED:
            raise _error(call, response)
        try:
            return response.json()
        except (JSONDecodeError, UnicodeDecodeError):
            msg = f"{call} was not answered by a controller"
            raise RefusedError(msg) from None


def _error(call: str, response: httpx.Response) -> RefusedError | DriverError:
    why, ours = _detail(response), _is_problem(response)
    match response.status_code:
        case 401 | 403:
            msg = f"{call} was refused: {why} Set HOKUSAI_API_KEY to the server's key."
            return RefusedError(msg)
        # The route is missing, not what it was asked for.
        case 404 if not ours or why == "Not Found":
            msg = f"{call} is not there: name a `hokusai serve` that has a store"
            return RefusedError(msg)
        # A balancer in between says the same while no server is behind it.
        case 502 if ours:
            return PermanentError(f"{call} failed: {why}")
        case status if status >= _FAULT:
            return TransientError(f"{call} failed: {status} {why}")
        case status:
            return RefusedError(f"{call} was refused: {status} {why}")


def _is_problem(response: httpx.Response) -> bool:
    told: str = response.headers.get("content-type", "")
    return told.startswith(_PROBLEM)


def _detail(response: httpx.Response) -> str:
    """Return what the server says of an error, as far as it is for a person."""
    try:
        told = response.json()
        fields = [f"{e['field']}: {e['message']}" for e in told.get("errors", ())]
        text = " ".join([str(told["detail"]), *fields])
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        text = response.reason_phrase
    return redact(text[:_LONGEST], ())
