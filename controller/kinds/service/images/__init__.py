"""Image digests and secret versions: current and running."""
