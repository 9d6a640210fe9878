"""Whether a listener's certificates are for the hosts of its routes."""

from collections.abc import Iterator

from controller.core.resources.kind import Finding
from controller.core.resources.plan import Reason
from controller.kinds.service.routes.matching.patterns import covers
from controller.kinds.service.routes.state import LoadBalancer, RoutedListener
from controller.kinds.service.routes.steps import path_of
from controller.kinds.service.spec.routes import RouteSpec


def unread(balancer: LoadBalancer, listener: RoutedListener) -> Iterator[Finding]:
    """Yield that nobody knows whom the certificates of the listener are for."""
    if not listener.unread:
        return
    path = f"routes.certificates[{listener.port}]"
    message = (
        f"Whether the certificates on port {listener.port} of {balancer.name} are for "
        f"the hosts of its routes is not known: {listener.unread.rstrip('.')}. Look "
        f"yourself, and declare `ignore` for {path} if they are."
    )
    command = f"aws elbv2 describe-listener-certificates --listener-arn {listener.arn}"
    yield Finding(path, Reason.PREFLIGHT_WARNING, message, command)


def not_certified(listener: RoutedListener, route: RouteSpec) -> Iterator[Finding]:
    """Yield that no certificate of the listener is for the route's host."""
    if listener.protocol != "HTTPS" or listener.names is None or route.host == "*":
        return
    if any(certifies(name, route.host) for name in listener.names):
        return
    names = ", ".join(listener.names) or "no name"
    message = (
        f"The certificates on port {listener.port} are for {names}, and not for "
        f"{route.host}."
    )
    command = (
        f"aws elbv2 add-listener-certificates --listener-arn {listener.arn} "
        f"--certificates CertificateArn=<arn of a certificate for {route.host}>"
    )
    path = f"{path_of(route, listener.port)}.certificate"
    yield Finding(path, Reason.MISSING, message, command)


def certifies(name: str, host: str) -> bool:
    """Whether a certificate for ``name`` is one for ``host``: ``*`` is one label.

    RFC 6125, section 6.4.3.
    """
    name, host = name.lower(), host.lower()
    if name.startswith("*."):
        label, _, rest = host.partition(".")
        return bool(label) and rest == name[2:]
    return covers(name, host)
