"""Fetch one small thing from an address that somebody we trust gave us."""

from controller.core.errors import PermanentError, TransientError

_MOST_BYTES = 1_000_000
_SECONDS = 10.0
_OK, _SERVER_FAULT = 200, 500


def fetched(url: str) -> bytes:
    """Return what ``url`` holds. Raises DriverError, and never tells the URL.

    What AWS hands out holds a signature: whoever has it may fetch the same.
    """
    # HTTP takes a while to import, and few looks need it.
    import httpx

    from controller.clients.http import http_client

    asked = httpx.URL(url)
    origin = str(asked.copy_with(raw_path=b"/"))
    try:
        with http_client(origin, read_timeout=_SECONDS) as client:
            response = client.get(asked.raw_path.decode())
    except httpx.HTTPError as error:
        msg = f"{asked.host} did not answer: {type(error).__name__}"
        raise TransientError(msg) from None
    if response.status_code >= _SERVER_FAULT:
        msg = f"{asked.host} failed: it answered {response.status_code}"
        raise TransientError(msg)
    if response.status_code != _OK or len(response.content) > _MOST_BYTES:
        msg = f"{asked.host} gave nothing of use: it answered {response.status_code}"
        raise PermanentError(msg)
    return response.content
