"""The load balancers of the local platform, as a platform team would have made them."""

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

from controller.clients.clock import SystemClock
from controller.core.dependencies import Aws
from controller.core.values.identity import OWNER_TAG
from controller.emulation.load_balancer.server import (
    IDLE_SECONDS,
    EmulatedLoadBalancers,
    Served,
)
from controller.emulation.load_balancer.state import LiveState
from controller.emulation.load_balancer.tls import Authority, server_context
from controller.emulation.server import EmulatorServer

# Where listeners speak TLS; all others speak HTTP.
SECURE = frozenset({443, 8443})
_FOLDER = "tls"


class Front:
    """Makes the load balancers in the emulated AWS, and serves their listeners.

    Attributes:
        authority: File with the certificate to be trusted; None until it is made.
    """

    def __init__(
        self, server: EmulatorServer, state: Path, *, idle: float = IDLE_SECONDS
    ) -> None:
        self._server = server
        self._idle = idle
        self._folder = state / _FOLDER
        self._serving: EmulatedLoadBalancers | None = None
        self.authority: Path | None = None

    def start(
        self,
        aws: Aws,
        balancers: Mapping[str, frozenset[int]],
        hosts: Iterable[str],
        owner: str,
    ) -> None:
        """Make ``balancers``, tagged as ``owner``'s, and listen on loopback.

        Args:
            aws: The emulated AWS.
            balancers: Ports by name.
            hosts: Names that the certificate is for.
            owner: Value of the ownership tag.
        """
        if not balancers:
            return
        context, certificate = self._certified(aws, hosts)
        for name, ports in sorted(balancers.items()):
            _make(aws, name, ports, owner, certificate)
        served = [
            Served(name, port, port in SECURE)
            for name, ports in sorted(balancers.items())
            for port in sorted(ports)
        ]
        server = self._server
        state = LiveState(server.place, server.lock, server.targets)
        self._serving = EmulatedLoadBalancers(state, served, context, idle=self._idle)
        self._serving.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._serving is not None:
            self._serving.stop()
            self._serving = None

    @property
    def ports(self) -> Mapping[Served, int]:
        """Where each listener listens on this machine."""
        return self._serving.ports if self._serving else {}

    def _certified(self, aws: Aws, hosts: Iterable[str]) -> tuple[ssl.SSLContext, str]:
        """Return what the listeners speak TLS with, and its certificate's ARN."""
        authority = Authority(self._folder, SystemClock().now())
        self.authority = authority.file
        issued = authority.issue([*hosts] or ["localhost"])
        answer = aws.call(
            "acm",
            "ImportCertificate",
            Certificate=issued.certificate,
            PrivateKey=issued.key,
            CertificateChain=issued.chain,
        )
        return server_context(issued, self._folder), str(answer["CertificateArn"])


def _make(
    aws: Aws, name: str, ports: Iterable[int], owner: str, certificate: str
) -> None:
    subnets = aws.call("ec2", "DescribeSubnets")["Subnets"]
    zones = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}
    answer = aws.call(
        "elbv2",
        "CreateLoadBalancer",
        Name=name,
        Subnets=sorted(zones.values())[:2],
        Tags=[{"Key": OWNER_TAG, "Value": owner}],
    )
    nothing = {"StatusCode": "404", "ContentType": "text/plain"}
    for port in sorted(ports):
        secure = {
            "Protocol": "HTTPS",
            "Certificates": [{"CertificateArn": certificate}],
        }
        aws.call(
            "elbv2",
            "CreateListener",
            LoadBalancerArn=answer["LoadBalancers"][0]["LoadBalancerArn"],
            Port=port,
            **(secure if port in SECURE else {"Protocol": "HTTP"}),
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": nothing}],
        )
