"""Application Auto Scaling of a service."""
