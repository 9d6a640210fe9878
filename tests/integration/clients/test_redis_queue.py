"""Messages reach the list of a real Redis once, whatever happens to the connection."""

import asyncio
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
import trustme

from controller.clients.redis_queue import QueueMessage, RedisQueue
from controller.core.webhooks.answers import Queued, Unanswered
from controller.core.webhooks.redis_message import CHANNEL, QUEUE
from tests.fakes.redis_server import redis_server

PASSWORD = "s3cret-token"


def message(id_="id-1", envelope=b'{"message_id": "id-1"}'):
    return QueueMessage(id_, QUEUE, CHANNEL, envelope, b'{"model": "lead"}')


@pytest.fixture
def server(tmp_path):
    with redis_server(tmp_path) as running:
        yield running


def push(url, *messages, token="", within=5.0, ca_file=None):
    """Return the answers to ``messages``, sent one after another."""

    async def work():
        async with RedisQueue(ca_file=ca_file) as queue:
            return [await queue.push(url, token, m, within) for m in messages]

    return asyncio.run(work())


def test_a_consumer_of_the_list_receives_the_envelopes_in_order(server):
    first, second = message("id-1", b"one"), message("id-2", b"two")

    assert push(server.url, first, second) == [Queued(), Queued()]

    with server.client() as consumer:
        taken = [
            consumer.brpoplpush(QUEUE, f"{QUEUE}:processing", timeout=1)
            for _ in range(2)
        ]
    assert taken == [b"one", b"two"]


def test_a_subscriber_of_the_channel_receives_the_payload(server):
    with server.client() as client, client.pubsub() as subscriber:
        subscriber.subscribe(CHANNEL)
        assert subscriber.get_message(timeout=5)["type"] == "subscribe"

        push(server.url, message())

        assert subscriber.get_message(timeout=5)["data"] == b'{"model": "lead"}'


def test_a_repeated_message_is_pushed_and_published_once(server):
    with server.client() as client, client.pubsub() as subscriber:
        subscriber.subscribe(CHANNEL)
        subscriber.get_message(timeout=5)

        answers = push(server.url, message(), message())
        answers += push(server.url, message())

        assert answers == [Queued(), Queued(is_new=False), Queued(is_new=False)]
        assert client.llen(QUEUE) == 1
        assert subscriber.get_message(timeout=5)["type"] == "message"
        assert subscriber.get_message(timeout=0.1) is None


def test_a_message_is_not_pushed_again_after_it_was_consumed(server):
    push(server.url, message())
    with server.client() as consumer:
        consumer.rpop(QUEUE)

        assert push(server.url, message()) == [Queued(is_new=False)]
        assert consumer.llen(QUEUE) == 0


def test_a_push_that_fails_leaves_no_mark(server):
    with server.client() as client:
        client.set(QUEUE, "not a list")
        (answer,) = push(server.url, message())
        assert isinstance(answer, Unanswered)
        assert "WRONGTYPE" in answer.error
        client.delete(QUEUE)

        assert push(server.url, message()) == [Queued()]
        assert client.lrange(QUEUE, 0, -1) == [b'{"message_id": "id-1"}']


def test_the_mark_ends_after_a_week_and_is_in_the_slot_of_the_list(server):
    push(server.url, message())

    with server.client() as client:
        (mark,) = (key for key in client.keys("*") if key != QUEUE.encode())
        assert mark == b"{hokusai:model_ready_queue}:sent:id-1"
        assert 0 < client.ttl(mark) <= 7 * 24 * 3600


def test_a_stopped_server_is_a_failure_before_the_message(server):
    server.stop()

    (answer,) = push(server.url, message())

    assert isinstance(answer, Unanswered)
    assert not answer.is_sent


def test_the_connection_is_made_again_after_a_restart(server):
    async def work():
        async with RedisQueue() as queue:
            before = await queue.push(server.url, "", message("id-1"), 5)
            await asyncio.to_thread(server.stop)
            between = await queue.push(server.url, "", message("id-2"), 5)
            await asyncio.to_thread(server.start)
            after = [
                await queue.push(server.url, "", message(id_), 5)
                for id_ in ("id-1", "id-2")
            ]
            return before, between, after

    before, between, after = asyncio.run(work())

    assert before == Queued()
    assert isinstance(between, Unanswered)
    assert after == [Queued(is_new=False), Queued()]


def test_a_server_that_never_answers_ends_the_attempt_at_its_deadline():
    async def work():
        ended = asyncio.Event()

        async def hang(reader, writer):
            await reader.read()
            writer.close()
            await writer.wait_closed()
            ended.set()

        async with await asyncio.start_server(hang, "127.0.0.1", 0) as silent:
            port = silent.sockets[0].getsockname()[1]
            url = f"redis://127.0.0.1:{port}/0"
            async with RedisQueue() as queue:
                answer = await queue.push(url, "", message(), 0.2)
            await asyncio.wait_for(ended.wait(), 5)
            return answer

    assert asyncio.run(work()) == Unanswered("no answer within 0.2 s")


@asynccontextmanager
async def lossy(port):
    """Yield the port of a proxy that passes on requests, but no answer to a script."""

    async def serve(reader, writer):
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        while data := await reader.read(65536):
            forth.write(data)
            answer = await back.read(65536)
            if b"EVAL" in data:
                break
            writer.write(answer)
        writer.close()
        forth.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as proxy:
        yield proxy.sockets[0].getsockname()[1]


def test_a_lost_answer_is_an_unknown_outcome_and_its_repeat_pushes_nothing(server):
    async def work():
        async with lossy(server.port) as port, RedisQueue() as queue:
            url = f"redis://127.0.0.1:{port}/0"
            lost = await queue.push(url, "", message(), 5)
            return lost, await queue.push(server.url, "", message(), 5)

    lost, repeated = asyncio.run(work())

    assert isinstance(lost, Unanswered)
    assert lost.is_sent
    assert repeated == Queued(is_new=False)
    with server.client() as client:
        assert client.llen(QUEUE) == 1


def test_the_token_is_required_and_never_told(tmp_path):
    with redis_server(tmp_path, PASSWORD) as server:
        (wrong,) = push(server.url, message(), token="wrong-token")
        (missing,) = push(server.url, message())
        (right,) = push(server.url, message(), token=PASSWORD)

    assert right == Queued()
    for answer in (wrong, missing):
        assert isinstance(answer, Unanswered)
        assert not answer.is_sent
        assert "wrong-token" not in answer.error


def test_a_rotated_token_is_used_for_the_next_message(tmp_path):
    with redis_server(tmp_path, PASSWORD) as server:

        async def work():
            async with RedisQueue() as queue:
                await queue.push(server.url, PASSWORD, message("id-1"), 5)
                with server.client() as client:
                    client.config_set("requirepass", "rotated")
                old = await queue.push(server.url, "old", message("id-2"), 5)
                new = await queue.push(server.url, "rotated", message("id-2"), 5)
                return old, new

        old, new = asyncio.run(work())

    assert isinstance(old, Unanswered)
    assert new == Queued()


@asynccontextmanager
async def behind_tls(port, authority, name):
    """Yield the port of a proxy that shows a certificate of ``name``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    async def copy(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader, writer):
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            copy(reader, forth), copy(back, writer), return_exceptions=True
        )

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as proxy:
        yield proxy.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("name", "is_trusted", "accepted"),
    [
        ("127.0.0.1", True, True),
        ("cache.example.com", True, False),
        ("127.0.0.1", False, False),
    ],
    ids=["trusted", "another name", "unknown authority"],
)
def test_the_certificate_of_the_server_is_checked(
    server, tmp_path, name, is_trusted, accepted
):
    authority, file = trustme.CA(), tmp_path / "authority.pem"
    (authority if is_trusted else trustme.CA()).cert_pem.write_to_path(file)

    async def work():
        async with (
            behind_tls(server.port, authority, name) as port,
            RedisQueue(ca_file=str(file)) as queue,
        ):
            return await queue.push(f"rediss://127.0.0.1:{port}/0", "", message(), 5)

    assert (asyncio.run(work()) == Queued()) is accepted


def test_the_library_is_not_imported_before_the_first_message():
    code = (
        "import sys, controller.app.daemon, controller.clients.redis_queue as r;"
        "r.RedisQueue(); sys.exit('redis' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_library_the_failure_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis.exceptions", None)

    (answer,) = push("redis://127.0.0.1:1/0", message())

    assert isinstance(answer, Unanswered)
    assert "pip install 'hokusai-controller[redis]'" in answer.error
