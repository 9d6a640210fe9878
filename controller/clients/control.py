"""The controller's own API, asked from another host."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

import httpx

from controller.core.errors import DriverError, RefusedError, TransientError
from controller.core.redact import redact
from controller.core.secret import Secret

_ROOT = "/api/v1/"
_REFUSED = 400
_FAULT = 500
_LONGEST = 300


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

    def ask(self, reason: str) -> int:
        """Leave a wish for a pass and return its number. Safe to repeat."""
        return int(self._request("POST", "reconcile", {"reason": reason})["id"])

    def _request(
        self, method: str, path: str, params: Mapping[str, str | int] | None = None
    ) -> Any:
        """Return the answer.

        Raises:
            RefusedError: the key is not right, or this is no controller's API.
            DriverError: it cannot be reached, or has no answer.
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
    why = _detail(response)
    match response.status_code:
        case 401 | 403:
            msg = f"{call} was refused: {why} Set HOKUSAI_API_KEY to the server's key."
            return RefusedError(msg)
        case 404:
            msg = f"{call} is not there: name a `hokusai serve` that has a store"
            return RefusedError(msg)
        case status if status >= _FAULT:
            return TransientError(f"{call} failed: {status} {why}")
        case status:
            return RefusedError(f"{call} was refused: {status} {why}")


def _detail(response: httpx.Response) -> str:
    """Return what the server says of an error, as far as it is for a person."""
    try:
        text = str(response.json()["detail"])
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        text = response.reason_phrase
    return redact(text[:_LONGEST], ())
