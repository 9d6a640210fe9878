"""Collect the facts that preflight checks need."""
