"""Client of the controller's API."""

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

import httpx

from controller.clients.http import bearer_header
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
_MAX_DETAIL = 1_000
_PROBLEM = "application/problem+json"


class ControlApi:
    """Reads of a remote controller's records, and requests for a pass.

    Args:
        http: Client for the server's URL; see ``http_client``. Closed by its owner.
        key: API key; None to send none.
    """

    def __init__(self, http: httpx.Client, key: Secret | None) -> None:
        self._http = http
        self._headers = bearer_header(key.reveal()) if key else {}

    def status(self) -> Mapping[str, Any]:
        """Return the status of all resources; see ``StatusReport``."""
        found: Mapping[str, Any] = self._request("GET", "status")
        return found

    def events(self, limit: int, resource: str | None) -> list[Mapping[str, Any]]:
        """Return the latest events, newest first."""
        selection = {"resource": resource} if resource else {}
        found: list[Mapping[str, Any]] = self._request(
            "GET", "events", {"limit": limit, **selection}
        )
        return found

    def last_attempt(self, resource: str) -> Mapping[str, Any] | None:
        """Return the latest action on a resource, or None if there is none."""
        found: Mapping[str, Any] | None = self._request(
            "GET", "tried", {"resource": resource}
        )
        return found

    def audit(self, limit: int, resource: str | None) -> list[Mapping[str, Any]]:
        """Return the latest rows of the audit log, newest first."""
        selection = {"resource": resource} if resource else {}
        found: list[Mapping[str, Any]] = self._request(
            "GET", "audit", {"limit": limit, **selection}
        )
        return found

    def audit_report(self) -> Mapping[str, Any]:
        """Return the result of a verification by the server; see ``ChainReport``."""
        found: Mapping[str, Any] = self._request("GET", "audit/report")
        return found

    def deliveries(self, filters: Mapping[str, str | int]) -> list[Mapping[str, Any]]:
        """Return the latest webhook deliveries, newest first; see ``DeliveryReport``."""
        found: list[Mapping[str, Any]] = self._request("GET", "deliveries", filters)
        return found

    def delivery(self, id_: int) -> Mapping[str, Any] | None:
        """Return one delivery, or None if it does not exist; see ``DeliveryDetails``."""
        found: Mapping[str, Any] | None = self._request("GET", "delivery", {"id": id_})
        return found

    def request_deliveries(self, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Carry out, or preview, an operation on deliveries; see ``DeliveryCount``."""
        found: list[Mapping[str, Any]] = self._request(
            "POST", "delivery-requests", body=body
        )
        return found

    def dns(self) -> Mapping[str, Any]:
        """Return the state of name resolution; see ``DnsReport``."""
        found: Mapping[str, Any] = self._request("GET", "dns")
        return found

    def request_dns(self, operation: str, body: Mapping[str, Any]) -> Any:
        """Pin, unpin or flush a host; see ``PinBody`` and ``UnpinBody``."""
        return self._request("POST", f"dns/{operation}", body=body)

    def keys(self) -> list[Mapping[str, Any]]:
        """Return the records of all API keys; see ``KeyRecord``."""
        found: list[Mapping[str, Any]] = self._request("GET", "keys")
        return found

    def request_keys(self, operation: str, body: Mapping[str, Any]) -> Any:
        """Create, rotate or revoke a key; see ``CreateBody`` and its neighbours."""
        return self._request("POST", f"keys/{operation}", body=body)

    def inspect(
        self, view: str, parameters: Mapping[str, str | int]
    ) -> Mapping[str, Any]:
        """Return a live view of one resource, read by the server for this request.

        Args:
            view: ``details``, ``history``, ``model-history`` or ``logs``.
            parameters: Resource and limits of the view.
        """
        found: Mapping[str, Any] = self._request("GET", view, parameters)
        return found

    def request_pass(self, reason: str) -> int:
        """Request a pass and return the id of the request. Safe to repeat."""
        return int(self._request("POST", "reconcile", {"reason": reason})["id"])

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed response.

        Raises:
            RefusedError: The key is wrong, or the server is not a controller's API.
            DriverError: The server cannot be reached or failed; a PermanentError if a
                backend behind it refused permanently.
        """
        call = f"{method} {self._http.base_url.join(_ROOT + path)}"
        try:
            response = self._http.request(
                method, _ROOT + path, params=params, json=body, headers=self._headers
            )
        except httpx.HTTPError as error:
            cause = redact(str(error), ()) or type(error).__name__
            msg = f"{call} was not answered: {cause}"
            raise TransientError(msg) from error
        if response.status_code >= _REFUSED:
            raise _error(call, response)
        try:
            return response.json()
        except (JSONDecodeError, UnicodeDecodeError):
            msg = f"{call} was not answered by a controller"
            raise RefusedError(msg) from None


def _error(call: str, response: httpx.Response) -> RefusedError | DriverError:
    detail, from_controller = _detail(response), _is_problem(response)
    match response.status_code:
        case 401 | 403:
            msg = f"{call} was refused: {detail}"
            return RefusedError(f"{msg} Set HOKUSAI_API_KEY to the server's key.")
        # The route does not exist; a missing resource has a detail of its own.
        case 404 if not from_controller or detail == "Not Found":
            msg = (
                f"{call} does not exist on this server: use the URL of a"
                " `hokusai serve` that has a store"
            )
            return RefusedError(msg)
        # A load balancer answers 502, too, while no server is behind it.
        case 502 if from_controller:
            return PermanentError(f"{call} failed: {detail}")
        case status if status >= _FAULT:
            return TransientError(f"{call} failed: {status} {detail}")
        case status:
            return RefusedError(f"{call} was refused: {status} {detail}")


def _is_problem(response: httpx.Response) -> bool:
    content_type: str = response.headers.get("content-type", "")
    return content_type.startswith(_PROBLEM)


def _detail(response: httpx.Response) -> str:
    """Return the server's description of an error, shortened and redacted."""
    try:
        problem = response.json()
        fields = [f"{e['field']}: {e['message']}" for e in problem.get("errors", ())]
        text = " ".join([str(problem["detail"]), *fields])
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        text = response.reason_phrase
    return redact(text[:_MAX_DETAIL], ())
