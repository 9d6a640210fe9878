"""A webhook receiver on this machine that counts the ids of events."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class WebhookReceiver:
    """Answers each delivery with a status.

    Attributes:
        status: Status of the answers.
        received: Number of requests by event id, accepted or not.

    Args:
        pause: Seconds before each answer.
    """

    def __init__(self, pause: float = 0) -> None:
        self.status = 200
        self.received: Counter[str] = Counter()
        receiver, never = self, Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                never.wait(pause)
                receiver.received[self.headers["webhook-id"]] += 1
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False

        self.server = Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        """URL that takes deliveries."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"


@contextmanager
def webhook_receiver(pause: float = 0) -> Iterator[WebhookReceiver]:
    """Yield a receiver that answers until the block ends."""
    receiver = WebhookReceiver(pause)
    with answering(receiver.server):
        yield receiver


@contextmanager
def answering(server: ThreadingHTTPServer) -> Iterator[None]:
    """Answer the requests to ``server`` until the block ends."""
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
