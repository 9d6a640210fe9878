"""Keys that the platform's authentication service validates."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuthServicePolicy:
    """Use of the authentication service.

    Attributes:
        url: URL of the service; empty for that of the settings.
        service_id: Service for which keys are validated.
        scopes: Scopes of this program, by each scope of the service; ``is_admin``
            stands for its administrators.
    """

    url: str
    service_id: str
    scopes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ValidatedKey:
    """A key that the service accepts.

    Attributes:
        user: Id of its owner.
        key_id: Id of the key.
        scopes: Scopes of the service.
        roles: Roles of the owner.
    """

    user: str
    key_id: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
