"""boto3 against a scripted server."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from controller.clients.aws import BotoAws, Credentials
from controller.clients.aws.limiter import Limiter
from controller.core.errors import (
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    ThrottledError,
    TransientError,
)
from controller.core.rates.token_bucket import Rate
from tests.fakes.stopped_clock import StoppedClock

KEYS = Credentials("local", "local-secret")
LIST = "ListClusters"
CREATE = "CreateCluster"


class Server(ThreadingHTTPServer):
    """Speaks AWS's JSON protocol; ``answers`` maps an operation to its answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, dict[str, str]] | str] = {}
        self.received: Counter[str] = Counter()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers according to the target header."""

    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        self.server.received[operation] += 1
        match self.server.answers.get(operation, (200, {})):
            case "hang":
                self.server.released.wait()
                self.close_connection = True
            case str():
                self.close_connection = True
            case int() as status, dict() as body:
                payload = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

    def log_message(self, *_args: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def aws(
    server: Server, *, light: bool = True, limiter: Limiter | None = None
) -> closing[BotoAws]:
    return closing(
        BotoAws(
            "us-east-1",
            endpoint_url=server.url,
            credentials=KEYS,
            light=light,
            read_timeout=0.2,
            limiter=limiter,
        )
    )


@pytest.mark.parametrize("light", [True, False], ids=["botocore", "boto3"])
def test_an_answer_comes_back_without_its_metadata(server, light):
    server.answers[LIST] = (200, {"clusterArns": "none"})

    with aws(server, light=light) as client:
        answer = client.call("ecs", LIST, maxResults=10)

    assert set(answer) == {"clusterArns"}


def test_a_missing_cluster_is_not_found(server):
    server.answers[LIST] = (400, {"__type": "ClusterNotFoundException"})

    with aws(server) as client, pytest.raises(NotFoundError, match="ecs:ListClusters"):
        client.call("ecs", LIST)


def test_a_write_is_sent_once_even_if_the_server_fails(server):
    server.answers[CREATE] = (500, {"__type": "ServerException"})

    with aws(server) as client, pytest.raises(TransientError):
        client.call("ecs", CREATE)

    assert server.received[CREATE] == 1


def test_every_request_takes_a_token_including_repeats(server):
    server.answers[LIST] = "hang up"
    clock = StoppedClock()

    limiter = Limiter(clock, {"cluster read": Rate(1, 1)})
    with aws(server, limiter=limiter) as client, pytest.raises(TransientError):
        client.call("ecs", LIST)

    assert (server.received[LIST], clock.monotonic()) == (3, 2)


def test_a_client_that_is_throttled_goes_slower(server):
    server.answers[CREATE] = (400, {"__type": "ThrottlingException"})
    clock = StoppedClock()
    rates = {"cluster modify": Rate(100, 1)}

    with aws(server, limiter=Limiter(clock, rates)) as client:
        for _ in range(2):
            with pytest.raises(ThrottledError):
                client.call("ecs", CREATE)

    assert clock.monotonic() == 2


@pytest.mark.parametrize("failure", ["hang", "hang up"])
def test_a_write_without_an_answer_is_in_doubt_and_not_repeated(server, failure):
    server.answers[CREATE] = failure

    with aws(server) as client, pytest.raises(OutcomeUnknownError):
        client.call("ecs", CREATE)

    assert server.received[CREATE] == 1


def test_a_read_is_tried_again(server):
    server.answers[LIST] = "hang up"

    with aws(server) as client, pytest.raises(TransientError):
        client.call("ecs", LIST)

    assert server.received[LIST] == 3


def test_an_unreachable_server_is_a_transient_error_even_for_a_write(server):
    client = BotoAws("us-east-1", endpoint_url="http://127.0.0.1:1", credentials=KEYS)

    with closing(client), pytest.raises(TransientError) as failed:
        client.call("ecs", CREATE)

    assert not isinstance(failed.value, OutcomeUnknownError)


def test_a_wrong_parameter_is_permanent_and_never_sent(server):
    with aws(server) as client, pytest.raises(PermanentError, match="nonsense"):
        client.call("ecs", LIST, nonsense=1)

    assert not server.received


def test_threads_share_one_client(server):
    with aws(server) as client:
        threads = [
            threading.Thread(target=client.call, args=("ecs", LIST)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(client._clients) == 1

    assert server.received[LIST] == 8
