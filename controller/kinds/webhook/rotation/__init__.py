"""Rotation of the signing secret of a target in Secrets Manager."""
