"""Name resolution by the settings and the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from controller.bootstrap.holder import holder_id
from controller.bootstrap.mlflow import tracking_uri
from controller.core.dns.rollout import Consumer, ResolverMode
from controller.core.document.variables import ips
from controller.core.errors import RefusedError
from controller.resolver import PinBoard, Resolver
from controller.resolver.consumer import ConsumerResolver
from controller.resolver.pin_board import file_pins

if TYPE_CHECKING:
    from controller.core.clock import Clock
    from controller.core.dns.pins import Pin, SharedPins
    from controller.core.resources.fallbacks import Fallbacks, KeptAddresses
    from controller.settings import Settings
    from controller.spec.document import Document
    from controller.telemetry.metrics import Metrics


def resolver_for(
    consumer: Consumer,
    settings: Settings,
    clock: Clock,
    fallbacks: Fallbacks,
    *,
    shared: SharedPins | None = None,
    declared: Mapping[str, Sequence[str]] | None = None,
    persist: bool = False,
    metrics: Metrics | None = None,
) -> ConsumerResolver:
    """Return the resolver of one consumer.

    Args:
        consumer: Consumer; its mode is that of the settings.
        settings: Limits, name server, modes and pins.
        clock: Clock.
        fallbacks: Last good addresses.
        shared: Pins and flushes of the store; None without one.
        declared: Fallback addresses by host.
        persist: True to write good addresses to ``fallbacks``.
        metrics: Counts lookups; None for none.

    Raises:
        RefusedError: The file of pins cannot be read, or is not valid.
    """
    file = Path(settings.dns_pins_file) if settings.dns_pins_file else None
    if file is not None:
        # A mistake in the file is an error at the start, and later a warning.
        file_pins(file)
    resolver = Resolver(
        fallbacks,
        clock,
        nameserver=settings.dns_server,
        ttl=settings.dns_cache_ttl,
        timeout=settings.dns_timeout,
        max_stale=settings.dns_max_stale,
        last_resort=declared,
        persist=persist,
        pins=PinBoard(clock, fixed=settings.dns_pins, file=file, shared=shared),
        salt=holder_id(),
        metrics=metrics,
    )
    mode = (settings.dns_modes or {}).get(consumer, ResolverMode.ON)
    return ConsumerResolver(consumer, resolver, mode, clock, metrics=metrics)


def declared_pins(settings: Settings) -> tuple[Pin, ...]:
    """Return the pins of the environment and of the hosts file.

    Raises:
        RefusedError: The file of pins cannot be read, or is not valid.
    """
    file = settings.dns_pins_file
    return (*settings.dns_pins, *(file_pins(Path(file)) if file else ()))


def declared_fallbacks(
    document: Document, settings: Settings, environ: Mapping[str, str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the fallback addresses of each host, from the variables that are declared.

    ``MLFLOW_FALLBACK_IP`` is for the host of MLflow's URL, and for no other.

    Raises:
        RefusedError: A variable has a value that is not an IP address.
    """
    found: dict[str, tuple[str, ...]] = {}
    for id_, resource in sorted(document.resources.items()):
        if id_.kind != "endpoint" or resource.spec.fallback is None:
            continue
        variable = resource.spec.fallback.env
        if text := environ.get(variable, "").strip():
            try:
                found[resource.spec.host.rstrip(".").lower()] = ips(text)
            except ValueError as error:
                msg = f"{variable} {error}; write, for example, 10.0.1.221"
                raise RefusedError(msg) from None
    return {**mlflow_fallback(tracking_uri(document, settings), settings), **found}


def mlflow_fallback(
    uri: str | None, settings: Settings
) -> Mapping[str, tuple[str, ...]]:
    """Return ``MLFLOW_FALLBACK_IP`` for the host of MLflow at ``uri``."""
    host = urlsplit(uri).hostname if uri else None
    addresses = settings.mlflow_fallback_addresses
    return {host: addresses} if host and addresses else {}


class ConfirmedFallbacks:
    """Store of last good addresses that confirms them, and changes none.

    The endpoint kind decides which addresses are kept.
    """

    def __init__(self, fallbacks: Fallbacks) -> None:
        self._fallbacks = fallbacks

    def last_good(self, host: str) -> KeptAddresses | None:
        """Return the addresses kept for ``host``."""
        return self._fallbacks.last_good(host)

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Record that ``addresses`` are still valid, if they are the kept ones."""
        self._fallbacks.confirm(host, addresses)

    def confirm(self, host: str, addresses: Sequence[str]) -> None:
        """Do the same."""
        self.keep(host, addresses)
