"""Load balancers of the local platform, which a platform team creates on AWS."""

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path

from controller.clients.clock import SystemClock
from controller.core.dependencies import Aws
from controller.core.values.identity import OWNER_TAG
from controller.emulation.load_balancer.server import (
    IDLE_SECONDS,
    EmulatedLoadBalancers,
    ListenerKey,
)
from controller.emulation.load_balancer.state import LiveState
from controller.emulation.load_balancer.tls import Authority, server_context
from controller.emulation.server import EmulatorServer

# Ports of listeners with TLS; all others serve HTTP.
SECURE = frozenset({443, 8443})
_FOLDER = "tls"


class LoadBalancerFront:
    """Creates the load balancers in the emulated AWS, and serves their listeners.

    Attributes:
        authority: Certificate file that clients must trust; None before the start.
    """

    def __init__(
        self, server: EmulatorServer, state: Path, *, idle: float = IDLE_SECONDS
    ) -> None:
        self._server = server
        self._idle = idle
        self._folder = state / _FOLDER
        self._balancers: EmulatedLoadBalancers | None = None
        self.authority: Path | None = None

    def start(
        self,
        aws: Aws,
        balancers: Mapping[str, frozenset[int]],
        hosts: Iterable[str],
        owner: str,
    ) -> None:
        """Create ``balancers`` with the ownership tag, and listen on loopback.

        Args:
            aws: Client of the emulated AWS.
            balancers: Listener ports by name of the load balancer.
            hosts: Host names of the certificate.
            owner: Value of the ownership tag.
        """
        if not balancers:
            return
        context, certificate = self._import_certificate(aws, hosts)
        for name, ports in sorted(balancers.items()):
            _create(aws, name, ports, owner, certificate)
        listeners = [
            ListenerKey(name, port, port in SECURE)
            for name, ports in sorted(balancers.items())
            for port in sorted(ports)
        ]
        server = self._server
        state = LiveState(server.place, server.lock, server.targets)
        self._balancers = EmulatedLoadBalancers(
            state, listeners, context, idle=self._idle
        )
        self._balancers.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._balancers is not None:
            self._balancers.stop()
            self._balancers = None

    @property
    def ports(self) -> Mapping[ListenerKey, int]:
        """Local port of each listener."""
        return self._balancers.ports if self._balancers else {}

    def _import_certificate(
        self, aws: Aws, hosts: Iterable[str]
    ) -> tuple[ssl.SSLContext, str]:
        """Issue and import a certificate; return its TLS context and its ARN."""
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


def _create(
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
    not_found = {"StatusCode": "404", "ContentType": "text/plain"}
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
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": not_found}
            ],
        )
