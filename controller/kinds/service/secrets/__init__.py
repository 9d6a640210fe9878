"""Versions of secrets and parameters."""
