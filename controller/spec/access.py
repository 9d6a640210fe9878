"""Section `access` of the document: keys, roles, bindings and limits of the API."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from controller.core.access.policy import AccessPolicy, DeclaredKey
from controller.core.access.rate import FORM, RequestClass, RequestRate, rate
from controller.core.access.scopes import (
    ACTIONS,
    MODEL_ACTIONS,
    REFUSAL,
    known_scopes,
    scope,
)
from controller.core.access.tokens import TokenPolicy
from controller.core.access.validated_key import AuthServicePolicy
from controller.core.document.fields import (
    Key,
    Line,
    Mistake,
    Section,
    Span,
    Text,
    reject,
    reject_all,
)
from controller.core.document.reference import SecretReference
from controller.spec.nearest import nearest, suggestion


class _ScopeRule:
    """A rule for scopes; its message names the nearest scope."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return pydantic's own check, followed by this one."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the same rule in the words of JSON Schema."""
        plain = "|".join(ACTIONS)
        of_models = "|".join(a for a in MODEL_ACTIONS if a != "alias")
        forms = f"{plain}|({of_models}):model/[^@]+|alias:model/[^@]+@.+"
        return handler(core) | {"pattern": f"^{REFUSAL}?({forms})$"}

    def check(self, value: str) -> str:
        """Return ``value`` if it is a scope."""
        text = value.removeprefix(REFUSAL)
        try:
            scope(text)
        except ValueError as error:
            action = text.partition(":model/")[0]
            if action in ACTIONS or action in MODEL_ACTIONS:
                what, _, hint = str(error).partition(": ")
                reject(what, hint)
            near = nearest(text, known_scopes()) or nearest(action, MODEL_ACTIONS)
            reject(
                f"{text} is no scope",
                f"did you mean {near}?" if near else "the guide lists the scopes",
            )
        return value


class _RateRule(Text):
    """A rule for rates."""

    def check(self, value: str) -> str:
        """Return ``value`` if it is a rate."""
        if not re.fullmatch(self.pattern, value):
            reject("is not a rate", "write, for example, 600/min or 10/s burst 50")
        return value


Scope = Annotated[str, _ScopeRule()]
Rate = Annotated[str, _RateRule(FORM.pattern, "a rate", longest=40)]
JwksUrl = Annotated[
    str,
    Text(
        r"https?://[^\s/?#@]+/[^\s?#]*",
        "a URL with https, a host and a path",
        longest=1024,
    ),
]
ServiceUrl = Annotated[
    str,
    Text(
        r"https?://[^\s/?#@]+",
        "http:// or https://, a host and optionally a port, without a path",
    ),
]
Rates = dict[RequestClass, Rate]


class AccessKeySection(Section):
    """A key whose text a user has put into a store of secrets."""

    secret: SecretReference = Field(
        description="Location of the key's text; at least 32 random characters.",
        examples=[{"secretsmanager": "hokusai/api-keys/development:dashboard"}],
    )
    scopes: tuple[Scope, ...] = Field(
        default=(),
        description="Permissions, besides those of its roles.",
        examples=[["models:read", "predict:model/leads"]],
    )
    rates: Rates = Field(
        default_factory=dict,
        description="Limits of requests by class, instead of those of the server.",
        examples=[{"predict": "50/s burst 100"}],
    )


class RoleSection(Section):
    """A set of permissions with a name."""

    scopes: tuple[Scope, ...] = Field(
        min_length=1, description="Permissions.", examples=[["status:read"]]
    )


class BindingSection(Section):
    """Callers that have a role."""

    role: Key = Field(description="Name of the role.", examples=["reader"])
    keys: tuple[Key, ...] = Field(
        default=(), description="Keys of this document, by name."
    )
    subjects: tuple[Line, ...] = Field(
        default=(),
        description="Subjects of tokens (claim `sub`).",
        examples=[["service:website"]],
    )
    groups: tuple[Line, ...] = Field(
        default=(),
        description="Groups that a token names, of people who sign in.",
        examples=[["data-science"]],
    )

    def holders(self) -> Iterator[tuple[str, int, str]]:
        """Yield field, index and name of each caller."""
        for field in ("keys", "subjects", "groups"):
            for index, name in enumerate(getattr(self, field)):
                yield field, index, name


class TokensSection(Section):
    """Tokens (JWT) of another service."""

    issuer: Line = Field(
        description="Issuer (claim `iss`).", examples=["https://auth.hokus.ai"]
    )
    audience: Line = Field(
        description="Audience (claim `aud`).", examples=["api.hokus.ai"]
    )
    jwks: JwksUrl = Field(
        description="URL of the public keys of the issuer (JWKS), with https.",
        examples=["https://auth.hokus.ai/.well-known/jwks.json"],
    )
    scopes: dict[Line, tuple[Scope, ...]] = Field(
        default_factory=dict,
        description="Permissions by scope of the issuer.",
        examples=[{"model:read": ["models:read"], "model:write": ["register:model/*"]}],
    )
    scope_claim: Line = Field(
        default="scope", description="Claim with the scopes of the issuer."
    )
    groups_claim: Line = Field(
        default="groups", description="Claim with the groups that `bindings` name."
    )
    max_life: Annotated[int, Span(60, 86_400)] = Field(
        default=3_600,
        description="Longest time for which a token is valid (`exp` minus `iat`).",
        examples=["15m"],
    )

    def policy(self) -> TokenPolicy:
        """Return the tokens that the section describes."""
        return TokenPolicy(
            self.issuer,
            self.audience,
            self.jwks,
            self.scopes,
            self.scope_claim,
            self.groups_claim,
            timedelta(seconds=self.max_life),
        )


class AuthServiceSection(Section):
    """Keys that the platform's authentication service validates."""

    url: ServiceUrl | None = Field(
        default=None,
        description="URL of the service; by default AUTH_SERVICE_URL.",
        examples=["https://auth.hokus.ai"],
    )
    service_id: Literal["platform", "website", "prediction", "prediction-api"] = Field(
        default="platform", description="Service for which keys are validated."
    )
    scopes: dict[Line, tuple[Scope, ...]] = Field(
        min_length=1,
        description="Permissions by scope of the service; `is_admin` stands for its "
        "administrators.",
        examples=[
            {"model:write": ["register:model/*"], "mlflow:read": ["mlflow:read"]}
        ],
    )

    def policy(self) -> AuthServicePolicy:
        """Return the use of the service that the section describes."""
        return AuthServicePolicy(self.url or "", self.service_id, self.scopes)


class AccessSection(Section):
    """Access to the API (`hokusai serve`)."""

    keys: dict[Key, AccessKeySection] = Field(
        default_factory=dict, description="Keys in a store of secrets, by name."
    )
    roles: dict[Key, RoleSection] = Field(
        default_factory=dict, description="Roles, by name."
    )
    bindings: tuple[BindingSection, ...] = Field(
        default=(), description="Callers that have a role."
    )
    tokens: TokensSection | None = Field(
        default=None, description="Tokens (JWT) of another service; by default none."
    )
    auth_service: AuthServiceSection | None = Field(
        default=None,
        description="Keys that the platform's authentication service validates; by "
        "default none.",
    )
    public: tuple[Literal["models"], ...] = Field(
        default=(),
        description="Parts of the API that need no key: `models`, the registered models "
        "without their sources.",
        examples=[["models"]],
    )
    limits: Rates = Field(
        default_factory=dict,
        description="Limits of requests by class, for callers without limits of their "
        "own; by default HOKUSAI_API_RATES.",
        examples=[{"predict": "600/min"}],
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        reject_all([*self._unknown(), *self._repeated(), *self._bound_twice()])
        reject_all(self._without_scopes())
        return self

    def policy(self) -> AccessPolicy:
        """Return the access that the section declares."""
        held = {holder: tuple(scopes) for holder, scopes in self._scopes().items()}
        return AccessPolicy(
            keys={
                name: DeclaredKey(
                    name, key.secret, held["keys", name], _rates(key.rates)
                )
                for name, key in self.keys.items()
            },
            subjects={
                name: s for (kind, name), s in held.items() if kind == "subjects"
            },
            groups={name: s for (kind, name), s in held.items() if kind == "groups"},
            public=frozenset(self.public),
            limits=_rates(self.limits),
            tokens=self.tokens.policy() if self.tokens else None,
            auth_service=self.auth_service.policy() if self.auth_service else None,
        )

    def _unknown(self) -> Iterator[Mistake]:
        """Yield the names of bindings that are not declared."""
        for index, binding in enumerate(self.bindings):
            at = ("bindings", index)
            if binding.role not in self.roles:
                what = f"there is no role {binding.role}"
                yield Mistake((*at, "role"), what, _declare(binding.role, self.roles))
            for number, name in enumerate(binding.keys):
                if name not in self.keys:
                    what = f"there is no key {name}"
                    hint = _declare(name, self.keys)
                    yield Mistake((*at, "keys", number), what, hint)
            if not (binding.keys or binding.subjects or binding.groups):
                yield Mistake(at, "has no callers", "add keys, subjects or groups")

    def _repeated(self) -> Iterator[Mistake]:
        """Yield the scopes that a list has twice."""
        entries = [("keys", name, key.scopes) for name, key in self.keys.items()]
        entries += [("roles", name, role.scopes) for name, role in self.roles.items()]
        for section, name, scopes in entries:
            for index, text in enumerate(scopes):
                if text in scopes[:index]:
                    at = (section, name, "scopes", index)
                    yield Mistake(at, f"repeats {text}", "remove it")

    def _bound_twice(self) -> Iterator[Mistake]:
        """Yield the bindings that give a caller a scope that it has already."""
        held: _Held = {
            ("keys", name): dict.fromkeys(key.scopes, "its own scopes")
            for name, key in self.keys.items()
        }
        for index, binding in enumerate(self.bindings):
            role = self.roles.get(binding.role)
            for kind, number, holder in binding.holders():
                has = held.setdefault((kind, holder), {})
                for text in role.scopes if role else ():
                    if text in has:
                        at = ("bindings", index, kind, number)
                        what = f"has {text} twice: by {has[text]} and by this binding"
                        yield Mistake(at, what, "remove one of them")
                    has.setdefault(text, f"role {binding.role}")

    def _scopes(self) -> "_Held":
        """Return the scopes of each holder that some binding or key names."""
        found: _Held = {
            ("keys", name): dict.fromkeys(key.scopes, "")
            for name, key in self.keys.items()
        }
        for binding in self.bindings:
            role = self.roles.get(binding.role)
            for kind, _, holder in binding.holders():
                has = found.setdefault((kind, holder), {})
                has.update(dict.fromkeys(role.scopes if role else (), ""))
        return found

    def _without_scopes(self) -> Iterator[Mistake]:
        held = self._scopes()
        for name in self.keys:
            if not held["keys", name]:
                hint = "add scopes, or bind the key to a role"
                yield Mistake(("keys", name), "permits nothing", hint)


# Scopes of a holder, with their source; a holder is a field of a binding and a name.
_Held = dict[tuple[str, str], dict[str, str]]


def _rates(written: Mapping[RequestClass, str]) -> dict[RequestClass, RequestRate]:
    return {class_: rate(text) for class_, text in written.items()}


def _declare(name: str, known: Iterable[str]) -> str:
    return suggestion(name, known) or f"declare {name}"
