"""Observation of all declared services in one pass."""
