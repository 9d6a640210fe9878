"""Authentication of callers, and the scopes that routes require."""
