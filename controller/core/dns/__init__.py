"""Decisions about names and addresses: order, refresh, pins, health and modes."""
