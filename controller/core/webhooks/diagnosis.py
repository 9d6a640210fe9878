"""Diagnosis of a webhook target: each check with its result and a remedy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from controller.core.values.utc_text import utc_text
from controller.core.webhooks.answers import (
    OK,
    Answer,
    Answered,
    AwsAccepted,
    AwsRefused,
    NotDerived,
    NotPermitted,
    Queued,
    Unanswered,
    failure,
)
from controller.core.webhooks.ping import PingResult
from controller.core.webhooks.rotation import SecretRotation

_REDIRECTS = range(300, 400)
# The tolerance of receivers by Standard Webhooks is five minutes.
_MOST_SKEW = timedelta(minutes=1)
_SLOW = 0.5
_CERTIFICATE_DAYS = 14
_COMPARE_SECRETS = "Compare the secret of the receiver with `secrets` of the target."
_REPEAT_CANARY = (
    "Give the receiver the version with AWSPENDING, then run `webhooks rotate` again."
)
_CORRECT_PATH = "Correct the path of `url`."
_ACCEPT_PING = "Let the receiver accept events of unknown types, such as ping."
_REMEDIES = {
    400: _ACCEPT_PING,
    401: _COMPARE_SECRETS,
    403: _COMPARE_SECRETS,
    404: _CORRECT_PATH,
    405: _CORRECT_PATH,
    410: "The receiver wants no events: remove the target, or fix the receiver.",
    422: _ACCEPT_PING,
}


class CheckState(StrEnum):
    """Result of one check."""

    PASSED = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Result of one check.

    Attributes:
        check: Name of the check.
        state: Result.
        message: Finding as a sentence.
        remedy: Next step of the user; empty if there is none.
    """

    check: str
    state: CheckState
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionFacts:
    """Facts about the connection to a receiver.

    Attributes:
        addresses: Addresses of its host name; empty if it does not resolve.
        dns_error: Reason why it does not resolve.
        tls: Version of TLS; empty without TLS.
        tls_error: Reason why the connection or the TLS handshake failed.
        certificate_ends: End of its certificate's validity; None if it is not known.
        date: Its clock, from the header Date; None if it sends none.
        location: Address of a redirect.
    """

    addresses: tuple[str, ...] = ()
    dns_error: str = ""
    tls: str = ""
    tls_error: str = ""
    certificate_ends: datetime | None = None
    date: datetime | None = None
    location: str = ""


@dataclass(frozen=True, slots=True)
class TargetFindings:
    """Everything that the checks of one target found.

    Attributes:
        url: URL of the receiver.
        timeout: Timeout of an attempt in seconds.
        connection: Facts about the connection.
        ping: Answer to a signed ping; None if it was not sent.
        forged: Answer to a ping with a wrong signature; None if it was not sent.
        now: Time of the checks.
        secret_error: Reason why a secret cannot be read; empty if all can be.
        rotation: Latest rotation of the secret; None if there was none.
    """

    url: str
    timeout: float
    connection: ConnectionFacts
    ping: PingResult | None
    forged: Answer | None
    now: datetime
    secret_error: str = ""
    rotation: SecretRotation | None = None


@dataclass(frozen=True, slots=True)
class DestinationFindings:
    """Everything that the checks of a target in AWS found.

    Attributes:
        address: Name of the event bus or the queue.
        timeout: Timeout of an attempt in seconds.
        ping: Answer to a ping.
    """

    address: str
    timeout: float
    ping: PingResult


def diagnoses(found: TargetFindings | DestinationFindings) -> tuple[Diagnosis, ...]:
    """Return the results of all checks, in the order of a request."""
    if isinstance(found, DestinationFindings):
        return _ping_of_destination(found), _latency(found)
    return tuple(_diagnoses(found))


def _ping_of_destination(found: DestinationFindings) -> Diagnosis:
    answer = found.ping.answer
    if found.ping.is_accepted:
        message = f"{found.address} accepted a ping. IAM authenticates the sender."
        return Diagnosis("ping", CheckState.PASSED, message)
    message = f"A ping to {found.address} failed: {failure(answer)}."
    return Diagnosis("ping", CheckState.PROBLEM, message, _remedy(answer))


def _diagnoses(found: TargetFindings) -> Iterator[Diagnosis]:
    yield _secrets(found.secret_error)
    if found.rotation is not None:
        yield _rotation(found.rotation)
    yield _dns(found.connection)
    yield _tls(found)
    yield _redirect(found)
    yield _accepted(found)
    yield _latency(found)
    yield _clock(found)
    yield _signature(found)


def _secrets(error: str) -> Diagnosis:
    if not error:
        return Diagnosis("secrets", CheckState.PASSED, "Every secret can be read here.")
    message = f"A secret cannot be read: {error.rstrip('.')}."
    remedy = "Create the secret, or allow this process to read it."
    return Diagnosis("secrets", CheckState.PROBLEM, message, remedy)


def _rotation(rotation: SecretRotation) -> Diagnosis:
    message = f"The stage of the rotation is {rotation.stage}."
    if not rotation.problem or not rotation.is_open:
        return Diagnosis("rotation", CheckState.PASSED, message)
    problem = rotation.problem.rstrip(".")
    problem = f"{problem[0].upper()}{problem[1:]}. {message}"
    return Diagnosis("rotation", CheckState.PROBLEM, problem, _REPEAT_CANARY)


def _dns(connection: ConnectionFacts) -> Diagnosis:
    if connection.addresses:
        addresses = ", ".join(connection.addresses)
        return Diagnosis("dns", CheckState.PASSED, f"It resolves to {addresses}.")
    message = f"The host name does not resolve: {connection.dns_error.rstrip('.')}."
    return Diagnosis("dns", CheckState.PROBLEM, message, "Correct `url`, or the DNS.")


def _tls(found: TargetFindings) -> Diagnosis:
    connection = found.connection
    if not connection.addresses:
        return _skipped("tls", "the host name does not resolve")
    if not found.url.startswith("https:"):
        return _skipped("tls", "the URL has the scheme http")
    if connection.tls_error:
        message = f"The TLS connection failed: {connection.tls_error.rstrip('.')}."
        remedy = "Correct the certificate or the TLS settings of the receiver."
        return Diagnosis("tls", CheckState.PROBLEM, message, remedy)
    ends = connection.certificate_ends
    if ends is not None and ends - found.now < timedelta(days=_CERTIFICATE_DAYS):
        message = f"The certificate ends at {utc_text(ends)}."
        return Diagnosis(
            "tls", CheckState.PROBLEM, message, "Renew the certificate of the receiver."
        )
    until = "" if ends is None else f", certificate until {ends:%Y-%m-%d}"
    return Diagnosis("tls", CheckState.PASSED, f"{connection.tls}{until}.")


def _redirect(found: TargetFindings) -> Diagnosis:
    answer = found.ping.answer if found.ping else None
    if not isinstance(answer, Answered):
        return _skipped("redirects", "there was no answer")
    if answer.status not in _REDIRECTS:
        return Diagnosis(
            "redirects", CheckState.PASSED, "The receiver does not redirect."
        )
    where = found.connection.location
    target = f" to {where}" if where else ""
    message = f"The receiver answered {answer.status}: it redirects{target}."
    remedy = "Redirects are not followed: set `url` to the final address."
    return Diagnosis("redirects", CheckState.PROBLEM, message, remedy)


def _accepted(found: TargetFindings) -> Diagnosis:
    if found.ping is None:
        return _skipped("ping", "there is no key to sign it with, or no address")
    if found.ping.is_accepted:
        return Diagnosis(
            "ping", CheckState.PASSED, "The receiver accepted a signed ping."
        )
    message = f"A signed ping failed: {failure(found.ping.answer)}."
    return Diagnosis("ping", CheckState.PROBLEM, message, _remedy(found.ping.answer))


def _remedy(answer: Answer) -> str:
    match answer:
        case NotPermitted():
            return "Correct `url`, or permit its address in the document."
        case Queued() | NotDerived() | AwsAccepted():
            return ""
        case AwsRefused():
            return (
                "Read the error; the guide lists the permissions of each destination."
            )
        case Unanswered():
            return "Check that the receiver runs and that the network allows it."
        case Answered(status):
            return _REMEDIES.get(status, "Read the log of the receiver.")


def _latency(found: TargetFindings | DestinationFindings) -> Diagnosis:
    if found.ping is None or not isinstance(
        found.ping.answer, Answered | AwsAccepted | AwsRefused
    ):
        return _skipped("latency", "there was no answer")
    seconds = found.ping.duration.total_seconds()
    message = f"The answer took {seconds:.2f} s; the timeout is {found.timeout:g} s."
    if seconds > found.timeout * _SLOW:
        remedy = "Answer first and process later, or raise `timeout`."
        return Diagnosis("latency", CheckState.PROBLEM, message, remedy)
    return Diagnosis("latency", CheckState.PASSED, message)


def _clock(found: TargetFindings) -> Diagnosis:
    date = found.connection.date
    if date is None:
        return _skipped("clock", "the receiver sent no header Date")
    skew = abs(found.now - date)
    message = f"The clocks differ by {skew.total_seconds():.0f} s."
    if skew > _MOST_SKEW:
        remedy = (
            "Synchronize both clocks (NTP): receivers refuse signatures that are more "
            "than five minutes old."
        )
        return Diagnosis("clock", CheckState.PROBLEM, message, remedy)
    return Diagnosis("clock", CheckState.PASSED, message)


def _signature(found: TargetFindings) -> Diagnosis:
    if found.ping is None or not found.ping.is_accepted or found.forged is None:
        return _skipped("signature", "the signed ping was not accepted")
    match found.forged:
        case Answered(status) if status in OK:
            message = "The receiver also accepted a ping with a wrong signature."
            remedy = "Let the receiver verify the signature of each request."
            return Diagnosis("signature", CheckState.PROBLEM, message, remedy)
        case Answered(status):
            message = f"A ping with a wrong signature was refused with {status}."
            return Diagnosis("signature", CheckState.PASSED, message)
        case _:
            reason = f"the forged ping was not answered: {failure(found.forged)}"
            return _skipped("signature", reason)


def _skipped(check: str, reason: str) -> Diagnosis:
    return Diagnosis(check, CheckState.SKIPPED, f"Not checked: {reason.rstrip('.')}.")
