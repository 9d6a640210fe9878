"""The load balancer in front of real processes, over real sockets."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from controller.clients.aws import BotoAws, Credentials
from controller.clients.clock import SystemClock
from controller.emulation.load_balancer.front import LoadBalancerFront
from controller.emulation.load_balancer.tls import Authority
from controller.emulation.runtimes.scripted import ScriptedRuntime
from controller.emulation.server import EmulatorServer
from tests.builders.waiting import eventually

HOST = "api.hokus.ai"


class Echo(BaseHTTPRequestHandler):
    """Returns the request, and streams the body back."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        request = {"path": self.path, "headers": dict(self.headers.items())}
        self._send(200, json.dumps(request).encode())

    def do_POST(self):
        body = bytearray()
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body += self.rfile.read(int(self.headers["Content-Length"]))
        self._send(201, bytes(body))

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "keep-alive")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Log nothing."""


@contextmanager
def listening(handler=Echo):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class World:
    """An emulated AWS with a load balancer, and actions of a platform team."""

    def __init__(self, server, state):
        self.server = server
        self.aws = BotoAws(
            "us-east-1",
            endpoint_url=server.url,
            credentials=Credentials("local", "local"),
            light=True,
        )
        self.front = LoadBalancerFront(server, state, idle=1)
        self.front.start(
            self.aws, {"edge": frozenset({80, 443})}, [HOST], "hokusai/local"
        )

    def port(self, port):
        return next(p for s, p in self.front.ports.items() if s.port == port)

    def listener(self, port):
        balancers = self.call("DescribeLoadBalancers")["LoadBalancers"]
        arn = balancers[0]["LoadBalancerArn"]
        found = self.call("DescribeListeners", LoadBalancerArn=arn)["Listeners"]
        return next(li["ListenerArn"] for li in found if li["Port"] == port)

    def call(self, operation, **parameters):
        return self.aws.call("elbv2", operation, **parameters)

    def group(self, name, *ports):
        """Create a target group with targets on ``ports`` of this machine."""
        vpc = self.aws.call("ec2", "DescribeVpcs")["Vpcs"][0]["VpcId"]
        arn = self.call(
            "CreateTargetGroup",
            Name=name,
            Protocol="HTTP",
            Port=80,
            VpcId=vpc,
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
        )["TargetGroups"][0]["TargetGroupArn"]
        if ports:
            targets = [{"Id": "127.0.0.1", "Port": port} for port in ports]
            self.call("RegisterTargets", TargetGroupArn=arn, Targets=targets)
        return arn

    def is_healthy(self, group):
        def states():
            answer = self.call("DescribeTargetHealth", TargetGroupArn=group)
            descriptions = answer["TargetHealthDescriptions"]
            return {t["TargetHealth"]["State"] for t in descriptions}

        eventually(states, lambda found: found == {"healthy"})

    def rule(self, port, path, action, priority=10):
        self.call(
            "CreateRule",
            ListenerArn=self.listener(port),
            Priority=priority,
            Conditions=[
                {"Field": "host-header", "HostHeaderConfig": {"Values": [HOST]}},
                {"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}},
            ],
            Actions=[action],
        )

    def ask(self, path, *, method="GET", body=None, headers=(), secure=False):
        port = self.port(443 if secure else 80)
        if secure:
            context = ssl.create_default_context(cafile=self.front.authority)
            plain = socket.create_connection(("127.0.0.1", port), 10)
            connection = HTTPSConnection(HOST, port)
            connection.sock = context.wrap_socket(plain, server_hostname=HOST)
        else:
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            sent = {"Host": f"{HOST}:{port}", **dict(headers)}
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()


@pytest.fixture
def world(tmp_path):
    with EmulatorServer(runtime=ScriptedRuntime()) as server:
        created = World(server, tmp_path)
        try:
            yield created
        finally:
            created.front.stop()


def forward(group):
    return {"Type": "forward", "TargetGroupArn": group}


def test_a_request_reaches_a_healthy_target_with_the_clients_address(world):
    with listening() as port:
        group = world.group("api", port)
        world.rule(443, "/api/*", forward(group))
        world.is_healthy(group)

        status, body, _ = world.ask(
            "/api/a%2Fb?x=1", secure=True, headers={"X-Forwarded-For": "10.0.0.1"}
        )

    received = json.loads(body)
    assert status == 200
    assert received["path"] == "/api/a%2Fb?x=1"
    assert received["headers"]["X-Forwarded-For"] == "10.0.0.1, 127.0.0.1"
    assert received["headers"]["X-Forwarded-Proto"] == "https"
    assert received["headers"]["X-Forwarded-Port"] == "443"
    assert received["headers"]["Host"].startswith(HOST)


@pytest.mark.parametrize("chunked", [False, True], ids=["sized", "chunked"])
def test_bodies_are_streamed_completely_in_both_directions(world, chunked):
    sent = b"0123456789abcdef" * 100_000
    with listening() as port:
        group = world.group("api", port)
        world.rule(80, "/*", forward(group))
        world.is_healthy(group)

        body = iter([sent[:70_000], sent[70_000:]]) if chunked else sent
        status, back, _ = world.ask("/", method="POST", body=body)

    assert status == 201
    assert back == sent


def test_a_request_without_a_matching_rule_gets_the_default_response(world):
    assert world.ask("/elsewhere")[0] == 404


def test_a_rule_can_answer_or_redirect(world):
    fixed = {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": "418",
            "ContentType": "text/plain",
            "MessageBody": "short and stout",
        },
    }
    redirect = {
        "Type": "redirect",
        "RedirectConfig": {
            "Protocol": "HTTPS",
            "Port": "443",
            "StatusCode": "HTTP_301",
        },
    }
    world.rule(80, "/tea", fixed)
    world.rule(80, "/*", redirect, priority=20)

    status, body, _ = world.ask("/tea")
    moved, _, headers = world.ask("/coffee?milk=1")

    assert (status, body) == (418, b"short and stout")
    assert moved == 301
    assert headers["Location"] == f"https://{HOST}:443/coffee?milk=1"


def test_a_group_without_targets_answers_503(world):
    world.rule(80, "/*", forward(world.group("empty")))

    status, body, headers = world.ask("/")

    assert status == 503
    assert b"503 Service Temporarily Unavailable" in body
    assert headers["Server"] == "awselb/2.0"


def test_a_target_that_closes_the_connection_is_502(world):
    class HangsUp(Echo):
        def do_GET(self):
            if self.path == "/health":
                super().do_GET()
            self.close_connection = True

    with listening(HangsUp) as port:
        group = world.group("api", port)
        world.rule(80, "/*", forward(group))
        world.is_healthy(group)

        assert world.ask("/")[0] == 502


def test_a_target_that_does_not_answer_is_504(world):
    over = threading.Event()

    class Silent(Echo):
        def do_GET(self):
            if self.path != "/health":
                over.wait(10)
            super().do_GET()

    with listening(Silent) as port:
        group = world.group("api", port)
        world.rule(80, "/*", forward(group))
        world.is_healthy(group)

        status, _, _ = world.ask("/")
        over.set()

    assert status == 504


def test_requests_are_distributed_by_weight_to_healthy_targets(world):
    class Other(Echo):
        def do_GET(self):
            self._send(299 if self.path != "/health" else 200, b"{}")

    with listening() as one, listening(Other) as other:
        mine = world.group("api", one)
        theirs = world.group("other", other)
        weighted = [
            {"TargetGroupArn": mine, "Weight": 1},
            {"TargetGroupArn": theirs, "Weight": 1},
        ]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}
        world.rule(80, "/*", action)
        world.is_healthy(mine)
        world.is_healthy(theirs)

        got = sorted(world.ask("/")[0] for _ in range(4))

    assert got == [200, 200, 299, 299]


def test_a_host_outside_the_certificate_is_refused(world):
    context = ssl.create_default_context(cafile=world.front.authority)
    plain = socket.create_connection(("127.0.0.1", world.port(443)), 10)

    with plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="other.hokus.ai")


def test_the_authority_is_created_once_with_a_private_key(tmp_path):
    first = Authority(tmp_path, SystemClock().now()).file.read_bytes()

    again = Authority(tmp_path, SystemClock().now()).file.read_bytes()

    assert first == again
    assert {f.stat().st_mode & 0o077 for f in tmp_path.iterdir()} == {0}
