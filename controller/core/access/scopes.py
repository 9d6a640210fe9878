"""Scopes: permissions that a key carries and a route requires.

A scope is an action, for some actions followed by a model and an alias::

    mlflow:read
    predict:model/router
    register:model/*
    alias:model/*@dev-*

``*`` in a model or an alias stands for any text. A scope that begins with ``!`` takes a
permission back, whatever other scopes grant: ``!alias:model/*@production``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

ADMIN = "admin"
REFUSAL = "!"
_MODEL = ":model/"
_ALIAS = "@"

# Actions on everything of a sort, with their description.
ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        ADMIN: "Everything, including keys.",
        "models:read": "Registered models, without their sources.",
        "models:sources": "Sources and artifact addresses of model versions.",
        "mlflow:read": "Reads of MLflow: experiments, runs, models, versions.",
        "mlflow:write": "Writes of experiments and runs.",
        "mlflow:artifacts:read": "Downloads of artifacts.",
        "mlflow:artifacts:write": "Uploads of artifacts.",
        "mlflow:registry:write": "Writes of registered models, versions and aliases.",
        "mlflow:delete": "Deletions in MLflow.",
        "mlflow:admin": "Users, permissions, webhooks and gateways of MLflow.",
        "status:read": "Conditions of all resources.",
        "events:read": "Events, and the last attempt of an action.",
        "audit:read": "Audit log.",
        "details:read": "Details and differences of a resource.",
        "history:read": "Earlier versions of a service or a model.",
        "logs:read": "Log lines of tasks.",
        "reconcile:write": "Requests for a pass.",
        "deliveries:read": "Webhook deliveries.",
        "deliveries:write": "Retries, redrives and cancellations of deliveries.",
        "dns:read": "Resolved names and pins.",
        "dns:write": "Pins, and the removal of known addresses.",
    }
)
# Actions on one model, with their description; "alias" names an alias too.
MODEL_ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "predict": "Predictions of the model.",
        "register": "Registrations of versions of the model.",
        "alias": "Changes of an alias of the model.",
    }
)
# Actions that another action includes.
_INCLUDED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "models:sources": frozenset({"models:read"}),
        "mlflow:write": frozenset({"mlflow:read"}),
        "mlflow:artifacts:write": frozenset({"mlflow:artifacts:read"}),
        "mlflow:registry:write": frozenset({"mlflow:read", "register", "alias"}),
        "mlflow:admin": frozenset(
            {
                *(action for action in ACTIONS if action.startswith("mlflow:")),
                "register",
                "alias",
            }
        ),
        "deliveries:write": frozenset({"deliveries:read"}),
        "dns:write": frozenset({"dns:read"}),
    }
)


@dataclass(frozen=True, slots=True)
class KeyScope:
    """One permission.

    Attributes:
        action: Key of ``ACTIONS`` or ``MODEL_ACTIONS``.
        model: Name of a model, or a pattern; empty for an action without one.
        alias: Name of an alias, or a pattern; empty for an action without one.
    """

    action: str
    model: str = ""
    alias: str = ""

    def __str__(self) -> str:
        model = f"{_MODEL}{self.model}" if self.model else ""
        alias = f"{_ALIAS}{self.alias}" if self.alias else ""
        return f"{self.action}{model}{alias}"

    def covers(self, required: "KeyScope") -> bool:
        """Return True if this scope, or one that it includes, matches ``required``."""
        if self.action == ADMIN:
            return True
        if required.action in _INCLUDED.get(self.action, ()):
            return True
        return self.matches(required)

    def matches(self, required: "KeyScope") -> bool:
        """Return True if this scope itself is ``required``, or a pattern of it."""
        return (
            self.action == required.action
            and _matches(required.model, self.model)
            and _matches(required.alias, self.alias)
        )


def scope(text: str) -> KeyScope:
    """Return the scope that ``text`` denotes.

    Raises:
        ValueError: The text is no scope; the message says what is wrong with it.
    """
    action, is_of_model, rest = text.partition(_MODEL)
    if not is_of_model:
        if action in ACTIONS:
            return KeyScope(action)
        if action in MODEL_ACTIONS:
            msg = f"requires a model: write {_example(action)}"
            raise ValueError(msg)
        raise ValueError(_unknown())
    if action not in MODEL_ACTIONS:
        if action in ACTIONS:
            msg = f"has no model: write {action}"
            raise ValueError(msg)
        raise ValueError(_unknown())
    model, has_alias, alias = rest.partition(_ALIAS)
    if not model or (has_alias and not alias) or has_alias != _needs(action):
        msg = f"is incomplete or has too much: write {_example(action)}"
        raise ValueError(msg)
    return KeyScope(action, model, alias)


def known_scopes() -> tuple[str, ...]:
    """Return every scope, those of a model with ``*``."""
    return (*ACTIONS, *map(_example, MODEL_ACTIONS))


@dataclass(frozen=True, slots=True)
class Grants:
    """Permissions of a caller.

    Attributes:
        allowed: Scopes that are granted.
        refused: Scopes that are taken back, whatever is granted.
    """

    allowed: tuple[KeyScope, ...] = ()
    refused: tuple[KeyScope, ...] = ()

    def allow(self, required: KeyScope) -> bool:
        """Return True if ``required`` is granted and not taken back."""
        return any(s.covers(required) for s in self.allowed) and not any(
            s.matches(required) for s in self.refused
        )

    def texts(self) -> tuple[str, ...]:
        """Return the scopes as text; ``grants`` returns the same grants for them."""
        refused = (f"{REFUSAL}{s}" for s in self.refused)
        return (*map(str, self.allowed), *refused)


def grants(texts: Iterable[str]) -> Grants:
    """Return the permissions that a list of scopes denotes.

    Raises:
        ValueError: One of them is no scope.
    """
    allowed, refused = [], []
    for text in texts:
        if text.startswith(REFUSAL):
            refused.append(scope(text.removeprefix(REFUSAL)))
        else:
            allowed.append(scope(text))
    return Grants(tuple(allowed), tuple(refused))


def _unknown() -> str:
    return f"is no scope; the scopes are {', '.join(known_scopes())}"


def _needs(action: str) -> str:
    return _ALIAS if action == "alias" else ""


def _example(action: str) -> str:
    alias = f"{_ALIAS}*" if _needs(action) else ""
    return f"{action}{_MODEL}*{alias}"


def _matches(name: str, pattern: str) -> bool:
    """Return True if ``pattern`` stands for ``name``; only ``*`` is special in it."""
    literal = pattern.replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(name, literal)
