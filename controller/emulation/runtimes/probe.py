"""Ask an HTTP server whether it is well, without curl and without delay.

Run as a script: ``python -IS probe.py http://HOST:PORT/PATH [SECONDS]``; exits
with 0 if the answer is below 400. A raw socket, because importing an HTTP
client, or even Python's own wrapper of sockets, takes longer than the question.
"""

import _socket
import sys

_LOWEST_FAILURE = b"400"
_STATUS = slice(9, 12)


def is_well(url: str, timeout: float) -> bool:
    """Return whether a GET of ``url`` is answered in time and not by an error."""
    place, _, path = url.removeprefix("http://").partition("/")
    host, _, port = place.partition(":")
    request = f"GET /{path} HTTP/1.0\r\nHost: {place}\r\nConnection: close\r\n\r\n"
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
    sys.exit(0 if is_well(sys.argv[1], seconds) else 1)
