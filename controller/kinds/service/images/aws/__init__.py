"""Reads of image digests, from ECR and from running tasks."""
