"""Plain values: identity, redaction, secrets, differences."""
