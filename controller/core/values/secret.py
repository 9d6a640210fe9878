"""Secret values that are never printed."""

from dataclasses import dataclass

from controller.core.values.redact import MASK, redact


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A secret value; its text form is a mask."""

    value: str

    def reveal(self) -> str:
        """Return the value, only for the call that needs it."""
        return self.value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__


@dataclass(frozen=True, slots=True, repr=False)
class SecretUrl:
    """A URL that may hold credentials, which are never printed."""

    value: str

    def reveal(self) -> str:
        """Return the complete URL, only for the call that needs it."""
        return self.value

    def __repr__(self) -> str:
        return redact(self.value.partition("?")[0], ())

    __str__ = __repr__
