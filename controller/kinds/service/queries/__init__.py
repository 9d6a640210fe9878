"""Read-only queries about one service."""
