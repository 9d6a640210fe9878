"""Check of the callers of the API, from the settings, the store and the document."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from controller.api.auth.authentication import (
    Authentication,
    BootstrapKey,
    CallerSource,
)
from controller.api.auth.replica_count import ReplicaCount
from controller.api.auth.request_limits import RequestLimits
from controller.api.auth.requirements import CallerCheck
from controller.api.auth.signing_keys import SigningKeys
from controller.api.auth.stored_keys import StoredKeySource
from controller.api.auth.tokens import TokenSource
from controller.api.auth.validated_keys import ValidatedKeySource
from controller.app.declared_access import DeclaredAccess
from controller.bootstrap.holder import holder_id
from controller.clients.auth_service import PATH, AuthServiceClient
from controller.clients.bounded import BoundedClient
from controller.clients.jwks import JwksClient
from controller.core.access.policy import AccessPolicy
from controller.core.access.tokens import TokenPolicy
from controller.core.access.validated_key import AuthServicePolicy
from controller.core.clock import Clock
from controller.core.errors import RefusedError
from controller.resolver.names import Names
from controller.settings import Settings
from controller.store.api_keys import StoredKeys
from controller.store.database import Database
from controller.store.replicas import INTERVAL, Replicas


def caller_check(
    settings: Settings,
    database: Database | None,
    declared: DeclaredAccess | None,
    names: Names,
    clock: Clock,
    closing: ExitStack,
) -> tuple[CallerCheck, AccessPolicy]:
    """Return the check of callers, and the section `access` of the document.

    Args:
        settings: Settings of the server.
        database: Store with keys; None without one.
        declared: Section `access` of the document; None without a document.
        names: Resolver for the services that sign tokens and validate keys.
        clock: Clock.
        closing: Ends what the check started.

    Raises:
        RefusedError: The document declares an authentication service without a URL.
    """
    policy, others = AccessPolicy(), []
    if declared is not None:
        declared.start()
        closing.callback(declared.close)
        policy = declared.policy
        others = [declared.keys, *_further_sources(settings, declared, names, clock)]
    check = CallerCheck(
        _authentication(settings, database, clock, others),
        _limits(settings, policy, database, closing),
        settings.api_proxies,
    )
    return check, policy


def _further_sources(
    settings: Settings, declared: DeclaredAccess, names: Names, clock: Clock
) -> Iterator[CallerSource]:
    """Yield the sources of callers that other services know."""
    policy = declared.policy
    if policy.tokens is not None:
        signing = _signing_keys(policy.tokens, names, clock)
        yield TokenSource(policy.tokens, signing, declared.access, clock)
    if policy.auth_service is not None:
        validator = _auth_service(policy.auth_service, settings, names)
        yield ValidatedKeySource(policy.auth_service, validator, declared.access, clock)


def _authentication(
    settings: Settings,
    database: Database | None,
    clock: Clock,
    others: Sequence[CallerSource],
) -> Authentication:
    """Return the sources of callers; ``others`` are asked last."""
    sources: list[CallerSource] = []
    if settings.api_key:
        sources.append(BootstrapKey(settings.api_key))
    if database is not None and settings.key_peppers:
        keys = StoredKeys(database)
        sources.append(StoredKeySource(keys, settings.key_peppers, clock))
    return Authentication([*sources, *others])


def _signing_keys(tokens: TokenPolicy, names: Names, clock: Clock) -> SigningKeys:
    """Return the public keys of the issuer of tokens."""
    return SigningKeys(JwksClient(BoundedClient(tokens.jwks, names)).fetch, clock)


def _auth_service(
    policy: AuthServicePolicy, settings: Settings, names: Names
) -> AuthServiceClient:
    """Return the authentication service.

    Raises:
        RefusedError: Neither the document nor the settings have its URL.
    """
    url = policy.url or settings.auth_service_url
    if not url:
        msg = (
            "access.auth_service needs a URL: set AUTH_SERVICE_URL, or declare "
            "access.auth_service.url"
        )
        raise RefusedError(msg)
    return AuthServiceClient(BoundedClient(url + PATH, names), policy.service_id)


def _limits(
    settings: Settings,
    policy: AccessPolicy,
    database: Database | None,
    closing: ExitStack,
) -> RequestLimits:
    """Return the limits of requests, shared by the processes of one store."""
    rates = {**(settings.api_rates or {}), **policy.limits}
    if database is None:
        return RequestLimits(rates)
    count = ReplicaCount(Replicas(database, holder_id()), INTERVAL).start()
    closing.callback(count.close)
    return RequestLimits(rates, count)
