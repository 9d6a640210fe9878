"""The MLflow proxy: forwards requests that the scopes of a key permit."""
