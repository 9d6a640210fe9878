"""Observe, settle and clean up the attachments of services."""
