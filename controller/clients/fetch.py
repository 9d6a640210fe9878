"""Download of a small file from a presigned URL."""

from controller.core.errors import PermanentError, TransientError

_MAX_BYTES = 1_000_000
_SECONDS = 10.0
_OK, _SERVER_FAULT = 200, 500


def fetch(url: str) -> bytes:
    """Download the content of ``url``.

    Messages never contain the URL: its signature grants access to the content.

    Raises:
        DriverError: The server did not answer, failed or refused.
    """
    # httpx is slow to import, and few commands download anything.
    import httpx

    from controller.clients.http import http_client

    target = httpx.URL(url)
    origin = str(target.copy_with(raw_path=b"/"))
    try:
        with http_client(origin, read_timeout=_SECONDS) as client:
            response = client.get(target.raw_path.decode())
    except httpx.HTTPError as error:
        msg = f"{target.host} did not answer: {type(error).__name__}"
        raise TransientError(msg) from None
    if response.status_code >= _SERVER_FAULT:
        msg = f"{target.host} failed: it answered {response.status_code}"
        raise TransientError(msg)
    if response.status_code != _OK or len(response.content) > _MAX_BYTES:
        size = len(response.content)
        msg = (
            f"{target.host} sent no usable content: it answered"
            f" {response.status_code} with {size} bytes"
        )
        raise PermanentError(msg)
    return response.content
