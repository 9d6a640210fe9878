"""Requested operations on a service: rollback, restart, retry."""
