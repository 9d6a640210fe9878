"""Rates, retries and schedules."""
