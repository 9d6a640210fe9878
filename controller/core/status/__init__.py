"""Conditions, causes and history that are reported about resources."""
