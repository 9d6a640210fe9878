"""Reads and writes of Cloud Map registrations."""
