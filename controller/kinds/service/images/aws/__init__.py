"""Read image digests from ECR and from running tasks."""
