"""Access that a document declares: keys, and the permissions of callers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from controller.core.access.caller import Caller
from controller.core.access.rate import RequestClass, RequestRate
from controller.core.access.scopes import grants
from controller.core.access.tokens import TokenPolicy
from controller.core.access.validated_key import AuthServicePolicy
from controller.core.document.reference import SecretReference


@dataclass(frozen=True, slots=True)
class DeclaredKey:
    """A key whose text a user has put into a store of secrets.

    Attributes:
        name: Name in the document.
        secret: Location of its text.
        scopes: Permissions, its own and those of its roles, as text.
        rates: Limit of each class of requests.
    """

    name: str
    secret: SecretReference
    scopes: tuple[str, ...]
    rates: Mapping[RequestClass, RequestRate] = field(default_factory=dict)

    def caller(self) -> Caller:
        """Return the caller that the key identifies."""
        rates = {str(class_): limit for class_, limit in self.rates.items()}
        return Caller(self.name, f"key/{self.name}", grants(self.scopes), rates)


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Everything that section ``access`` declares.

    Attributes:
        keys: Keys, by name.
        subjects: Scopes of the subjects of tokens.
        groups: Scopes of the members of groups that a token names.
        public: Parts that need no key: ``models``.
        limits: Limits of callers without limits of their own.
        tokens: Tokens that are accepted; None for none.
        auth_service: Use of the authentication service; None for none.
    """

    keys: Mapping[str, DeclaredKey] = field(default_factory=dict)
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    limits: Mapping[RequestClass, RequestRate] = field(default_factory=dict)
    tokens: TokenPolicy | None = None
    auth_service: AuthServicePolicy | None = None

    def scopes_of(self, subject: str, groups: Iterable[str]) -> tuple[str, ...]:
        """Return the scopes that a subject and its groups are bound to."""
        bound = [self.subjects.get(subject, ())]
        bound += [self.groups.get(group, ()) for group in groups]
        return tuple(dict.fromkeys(scope for scopes in bound for scope in scopes))
