"""Preflight checks, one file per subject; pure."""
