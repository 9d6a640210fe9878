"""Decisions about a plan: planner, safety, contention, scope, preflight."""
