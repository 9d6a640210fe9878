"""Checks that the certificates of a listener cover the hosts of its routes."""

from collections.abc import Iterator

from controller.core.resources.kind import Finding
from controller.core.resources.plan import Reason
from controller.kinds.service.routes.matching.patterns import covers
from controller.kinds.service.routes.state import LoadBalancer, RoutedListener
from controller.kinds.service.routes.steps import path_of
from controller.kinds.service.spec.routes import RouteSpec


def unreadable_certificates(
    balancer: LoadBalancer, listener: RoutedListener
) -> Iterator[Finding]:
    """Yield a warning if the certificates of the listener could not be read."""
    if not listener.certificate_error:
        return
    path = f"routes.certificates[{listener.port}]"
    message = (
        f"The certificates on port {listener.port} of {balancer.name} could not be "
        f"read: {listener.certificate_error.rstrip('.')}. Check that they cover the "
        f"hosts of the routes; if they do, declare `ignore` for {path}."
    )
    command = f"aws elbv2 describe-listener-certificates --listener-arn {listener.arn}"
    yield Finding(path, Reason.PREFLIGHT_WARNING, message, command)


def missing_certificate(
    listener: RoutedListener, route: RouteSpec
) -> Iterator[Finding]:
    """Yield a finding if no certificate of the listener covers the route's host."""
    if listener.protocol != "HTTPS" or listener.names is None or route.host == "*":
        return
    if any(certifies(name, route.host) for name in listener.names):
        return
    names = ", ".join(listener.names) or "no host"
    message = (
        f"No certificate on port {listener.port} covers {route.host}; the certificates "
        f"cover {names}."
    )
    command = (
        f"aws elbv2 add-listener-certificates --listener-arn {listener.arn} "
        f"--certificates CertificateArn=<arn of a certificate for {route.host}>"
    )
    path = f"{path_of(route, listener.port)}.certificate"
    yield Finding(path, Reason.MISSING, message, command)


def certifies(name: str, host: str) -> bool:
    """Return True if a certificate for ``name`` covers ``host``.

    ``*`` stands for one label; RFC 6125, section 6.4.3.
    """
    name, host = name.lower(), host.lower()
    if name.startswith("*."):
        label, _, rest = host.partition(".")
        return bool(label) and rest == name[2:]
    return covers(name, host)
