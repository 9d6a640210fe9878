"""The observed state of a service."""
