"""Host names that the certificates of a listener cover."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from controller.clients.aws import paginated
from controller.core.dependencies import Aws
from controller.core.errors import DriverError
from controller.kinds.service.routes.certification import certifies

_ACM = ":acm:"


class ListenerCertificates:
    """Reader of certificates in ACM; cached, as a certificate's names never change."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._names: dict[str, tuple[str, ...]] = {}

    def names(
        self, listener: Mapping[str, Any], hosts: Iterable[str]
    ) -> tuple[tuple[str, ...] | None, str]:
        """Return the covered hosts, or None, and the error, if there was one.

        Further certificates are read only if the default one leaves a host out.
        """
        if listener.get("Protocol") != "HTTPS":
            return None, ""
        default = [c["CertificateArn"] for c in listener.get("Certificates", ())]
        try:
            names = self._of(default)
            if all(any(certifies(name, host) for name in names) for host in hosts):
                return names, ""
            return self._of([*default, *self._further(listener["ListenerArn"])]), ""
        except DriverError as error:
            return None, str(error)

    def _further(self, listener: str) -> list[str]:
        found = paginated(
            self._aws,
            "elbv2",
            "DescribeListenerCertificates",
            "Certificates",
            ListenerArn=listener,
        )
        return [certificate["CertificateArn"] for certificate in found]

    def _of(self, arns: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for arn in arns for name in self._read(arn)))

    def _read(self, arn: str) -> tuple[str, ...]:
        with self._lock:
            known = self._names.get(arn)
        if known is not None:
            return known
        if _ACM not in arn:
            msg = f"{arn} is not in ACM, so its host names cannot be read"
            raise DriverError(msg)
        answer = self._aws.call("acm", "DescribeCertificate", CertificateArn=arn)
        found = answer["Certificate"]
        names = (found["DomainName"], *found.get("SubjectAlternativeNames", ()))
        with self._lock:
            self._names[arn] = names
        return names
