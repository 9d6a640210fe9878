"""Observation, update and cleanup of the attachments of services."""
