"""Log groups and log lines of a service."""
