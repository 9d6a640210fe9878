"""Differences between a declared and a live service: diff, explain, health, cost."""
