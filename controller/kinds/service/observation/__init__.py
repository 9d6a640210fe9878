"""The observation of all declared services in one pass."""
