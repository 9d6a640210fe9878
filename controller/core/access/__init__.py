"""Access to the API: keys, the scopes that they carry, and the callers they identify."""
