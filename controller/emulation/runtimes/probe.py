"""Check an HTTP server without curl.

Run as a script: ``python -IS probe.py http://HOST:PORT/PATH [SECONDS]``; exits with 0
if the status is below 400. It uses a raw socket, because importing an HTTP client, or
even ``socket``, takes longer than the request.
"""

import _socket
import sys

_LOWEST_FAILURE = b"400"
_STATUS = slice(9, 12)


def is_healthy(url: str, timeout: float) -> bool:
    """Return True if a GET of ``url`` is answered in time with a status below 400."""
    authority, _, path = url.removeprefix("http://").partition("/")
    host, _, port = authority.partition(":")
    request = f"GET /{path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n"
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect((host, int(port or 80)))
        connection.sendall(request.encode())
        status = connection.recv(64)
    except OSError:
        return False
    finally:
        connection.close()
    return status.startswith(b"HTTP/") and status[_STATUS] < _LOWEST_FAILURE


if __name__ == "__main__":
    seconds = float(sys.argv[2]) if sys.argv[2:] else 3.0
    sys.exit(0 if is_healthy(sys.argv[1], seconds) else 1)
