"""Public keys of an issuer of tokens (JWKS, RFC 7517) over HTTP."""

from controller.clients.bounded import BoundedClient
from controller.core.errors import TransientError

_OK = 200


class JwksClient:
    """Client of the URL of the keys."""

    def __init__(self, client: BoundedClient) -> None:
        self._client = client

    async def fetch(self) -> bytes:
        """Return the JWKS as JSON.

        Raises:
            TransientError: There is no such answer.
        """
        answer = await self._client.send("GET")
        if answer.status != _OK:
            msg = f"the keys of tokens cannot be read: {answer.status}"
            raise TransientError(msg)
        return answer.body
