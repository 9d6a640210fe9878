"""Image digests and secret versions: available and running."""
